#!/usr/bin/env node
// A browser in which the sign-in goes wrong, for tests: set as $BROWSER, called with the
// authorization URL. It never contacts the provider. BAD_BROWSER says how:
//   leaves       the person closes the page: nothing ever comes back
//   denies       the provider sends the person back with access_denied
//   wrong_state  an answer that belongs to no login, and nothing after it
//   wrong_issuer an answer of another authorization server (RFC 9207)
//   fails        the browser does not start: exit 1
const url = new URL(process.argv[2]);
const answers = {
  denies: { error: 'access_denied', error_description: 'the person said no', iss: url.origin,
    state: url.searchParams.get('state') },
  wrong_state: { code: 'a-code-of-somebody-else', state: 'a-state-of-nobody', iss: url.origin },
  wrong_issuer: { code: 'a-code-of-somebody-else', iss: 'http://127.0.0.1:9',
    state: url.searchParams.get('state') },
};
const how = process.env.BAD_BROWSER;
if (how === 'fails') process.exit(1);
if (answers[how]) {
  const target = new URL(url.searchParams.get('redirect_uri'));
  for (const [name, value] of Object.entries(answers[how])) target.searchParams.set(name, value);
  await fetch(target);
}
