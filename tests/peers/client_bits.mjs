// What the two SDK clients share: the command line, the browser, and the report on stdout.
//
//   sdk_client_*.mjs (--url URL [--token TOKEN] | -- COMMAND ARG…)
//       [--call NAME [--arguments JSON]]… [--elicit none|form|url] [--browser COMMAND]
//
// Connects, lists tools, makes the calls in order, and prints one JSON object:
//   {era, protocol_version, server, instructions, tools: [], calls: [{result} or {error}],
//    elicited: []}
// --elicit declares that elicitation mode and accepts: a form is filled with its defaults, a URL is
// opened with --browser. The token may come from $MCP_TOKEN, so that it is in no argument list.
import { execFile } from 'node:child_process';

export function parse_command_line(argv) {
  const options = { calls: [], elicit: 'none', token: process.env.MCP_TOKEN, command: [] };
  for (let i = 0; i < argv.length; ++i) {
    const value = argv[i + 1];
    switch (argv[i]) {
    case '--': options.command = argv.slice(i + 1); i = argv.length; break;
    case '--url': options.url = value; ++i; break;
    case '--token': options.token = value; ++i; break;
    case '--call': options.calls.push({ name: value, arguments: {} }); ++i; break;
    case '--arguments': options.calls.at(-1).arguments = JSON.parse(value); ++i; break;
    case '--elicit': options.elicit = value; ++i; break;
    case '--browser': options.browser = value; ++i; break;
    default: throw new Error(`unknown argument ${argv[i]}`);
    }
  }
  if (!options.url && options.command.length === 0) throw new Error('give --url or a command');
  return options;
}

export function capabilities_for(options) {
  return options.elicit === 'none' ? {} : { elicitation: { [options.elicit]: {} } };
}

// Answers one elicitation as a willing person would, and records it.
export function make_elicitation_handler(options, elicited) {
  return async ({ params }) => {
    elicited.push(params);
    if (params.mode === 'url') {
      await new Promise((resolve, reject) => execFile(options.browser, [params.url],
          (error) => (error ? reject(error) : resolve())));
      return { action: 'accept' };
    }
    const content = {};
    for (const [name, schema] of Object.entries(params.requestedSchema?.properties ?? {})) {
      if (schema.default !== undefined) content[name] = schema.default;
    }
    return { action: 'accept', content };
  };
}

function plain_error(error) {
  return { name: error.constructor.name, code: error.code, message: error.message,
    data: error.data };
}

// Runs the session; `describe` adds what only that SDK knows. Exit 1 when it could not connect.
export async function run_session(options, client, transport, describe) {
  const report = { calls: [] };
  try {
    await client.connect(transport);
    Object.assign(report, describe(client), { server: client.getServerVersion(),
      instructions: client.getInstructions() });
    report.tools = (await client.listTools()).tools;
    for (const call of options.calls) {
      try {
        report.calls.push({ result: await client.callTool(call) });
      } catch (error) {
        report.calls.push({ error: plain_error(error) });
      }
    }
    await client.close();
  } catch (error) {
    report.error = plain_error(error);
    process.exitCode = 1;
  }
  return report;
}
