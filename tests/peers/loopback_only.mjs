// Preload (`node --import`) for every Node program that the tests start: keeps it on loopback.
// A listener for every address gets 127.0.0.1, a connection or a name look-up that leaves loopback
// fails at once, and the address a server really got is told on stderr as one JSON line when
// PEER_ANNOUNCE is set (server-everything prints the port it was asked for, not the one it got).
import dns from 'node:dns';
import net from 'node:net';

const loopback_names = new Set(['localhost', 'ip6-localhost']);

function is_loopback(host) {
  if (host === undefined || host === null || host === '') return true; // net's default is localhost
  const name = String(host).replace(/^\[|\]$/g, '').toLowerCase();
  return loopback_names.has(name) || name === '::1' || /^127\./.test(name) ||
      /^::ffff:127\./.test(name) || name.endsWith('.localhost');
}

function refusal(host) {
  const error = new Error(`tests stay on loopback: refused ${host}`);
  error.code = 'ENETUNREACH';
  return error;
}

// Where every listener binds, at once: a host given to listen() would be looked up first, and some
// programs ask for address() in the same turn.
const bind = net.Server.prototype._listen2;
net.Server.prototype._listen2 = function (address, port, type, backlog, fd, ...rest) {
  const is_pipe = port === -1 && type === -1;
  if (!is_pipe && typeof fd !== 'number' && (!address || !is_loopback(address))) {
    address = '127.0.0.1';
    type = 4;
  }
  if (process.env.PEER_ANNOUNCE) this.once('listening', () => announce(this.address()));
  return bind.call(this, address, port, type, backlog, fd, ...rest);
};

function announce(address) {
  if (!address || typeof address !== 'object') return;
  process.stderr.write(`${JSON.stringify({ event: 'listening', port: address.port })}\n`);
}

// Connections are checked where every one of them passes; a destroyed socket reports the refusal.
const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...args) {
  const first = Array.isArray(args[0]) ? args[0][0] : args[0];
  const host = typeof first === 'object' && first !== null ? first.host :
      typeof args[1] === 'string' ? args[1] : undefined;
  if (!is_loopback(host)) {
    process.nextTick(() => this.destroy(refusal(host)));
    return this;
  }
  return connect.apply(this, args);
};

const lookup = dns.lookup;
dns.lookup = function (name, ...rest) {
  if (is_loopback(name) || net.isIP(String(name))) return lookup.call(dns, name, ...rest);
  const callback = rest[rest.length - 1];
  process.nextTick(() => callback(refusal(name)));
  return {};
};
