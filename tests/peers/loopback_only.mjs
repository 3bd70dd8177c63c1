// Preload (`node --import`) for every Node program that the tests start: keeps it on loopback.
// A listener that names no host gets 127.0.0.1, a connection or a name look-up that leaves loopback
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

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (...args) {
  let options = args[0];
  if (typeof options === 'number' || (typeof options === 'string' && /^\d+$/.test(options))) {
    if (typeof args[1] !== 'string') args.splice(1, 0, '127.0.0.1');
    else if (!is_loopback(args[1])) args[1] = '127.0.0.1';
  } else if (typeof options === 'object' && options !== null && 'port' in options) {
    if (options.host === undefined || !is_loopback(options.host)) {
      args[0] = { ...options, host: '127.0.0.1' };
    }
  }
  if (process.env.PEER_ANNOUNCE) {
    this.once('listening', () => {
      const address = this.address();
      if (address && typeof address === 'object') {
        process.stderr.write(JSON.stringify({ event: 'listening', port: address.port }) + '\n');
      }
    });
  }
  return listen.apply(this, args);
};

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
