// The processes of the torture: gatehouse commands on one store, each with what it said, whether we
// killed it, and which of them opened a given connection to the proxy.
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

// What the torture knows of one running or ended command.
export class Command {
  constructor(connection, args, child) {
    Object.assign(this, { connection, args, child, stdout: '', stderr: '', killed: false,
      answered: 0 });
    child.stdout.on('data', (data) => { this.stdout += data; });
    child.stderr.on('data', (data) => { this.stderr += data; });
  }

  // How many refreshed pairs it has stored, by its own log.
  stored() {
    return this.stderr.split('"event":"refreshed"').length - 1;
  }

  kill() {
    this.killed = this.child.kill('SIGKILL') || this.killed;
  }

  describe() {
    return `gatehouse ${this.args.join(' ')}\n${this.stdout}${this.stderr}`;
  }
}

function hex_address(port) {
  return `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
}

// The inode of the client's end of this loopback connection; its port alone may be that of an older
// one too, which is waiting to be forgotten.
function inode_of({ remotePort, localPort }) {
  const from = hex_address(remotePort);
  const to = hex_address(localPort);
  const rows = readFileSync('/proc/net/tcp', 'latin1').split('\n')
      .map((text) => text.trim().split(/\s+/));
  return rows.find((row) => row[1] === from && row[2] === to && row[9] !== '0')?.[9];
}

function holds(pid, link) {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`) === link;
      } catch {
        return false;  // closed meanwhile
      }
    });
  } catch {
    return false;  // ended meanwhile
  }
}

// Which of the running commands made this request; undefined when it is gone already.
export function owner_of(commands, socket) {
  const inode = inode_of(socket);
  return inode && [...commands].find(({ child }) => holds(child.pid, `socket:[${inode}]`));
}
