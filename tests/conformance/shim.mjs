// A reverse proxy for a client that cannot send a token: adds `Authorization: Bearer …`, changes
// nothing else, Host and Origin least of all. Streams both ways; when one side goes away, so does
// the other.
import http from 'node:http';

// Starts on a free port of loopback. Set `target` ({port, token}) before the first request.
export async function start_shim() {
  const shim = { target: undefined };
  const agent = new http.Agent({ keepAlive: true });
  const server = http.createServer((request, response) => {
    const { port, token } = shim.target;
    const forwarded = http.request({ host: '127.0.0.1', port, agent, method: request.method,
      path: request.url, setHost: false,
      headers: [...request.rawHeaders, 'Authorization', `Bearer ${token}`] });
    forwarded.on('response', (answer) => {
      response.writeHead(answer.statusCode, answer.statusMessage, answer.rawHeaders);
      response.flushHeaders();
      answer.on('error', () => response.destroy());
      answer.pipe(response);
    });
    forwarded.on('error', () => {
      if (response.headersSent) response.destroy();
      else response.writeHead(502).end();
    });
    response.once('close', () => { if (!response.writableFinished) forwarded.destroy(); });
    request.on('error', () => forwarded.destroy());
    request.pipe(forwarded);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  shim.origin = `http://127.0.0.1:${server.address().port}`;
  shim.close = () => new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
    agent.destroy();
  });
  return shim;
}
