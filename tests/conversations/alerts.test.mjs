// alerts.test.mjs - what happens is told: once, by e-mail, to Slack, to a
// webhook, by two gateway processes, to receivers that fail and come back.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';

import { checkSignature, Receiver } from './alert_receiver.mjs';
import {
	freePort, MailGuard, MailServer, makeCertificate,
} from './mail_server.mjs';
import { hello, program, run, sleep, until, useStack } from './stack.mjs';

const SECRET = 'a-secret-of-the-webhook';
const INTERVAL_MS = 200;

const mail = await MailServer.create();
const hook = new Receiver({ secret: SECRET });

// Before the stack's: should that fail, nothing is left running.
after(async () => {
	await hook.stop();
	await mail.stop();
});

const stack = useStack({
	processes: 2,
	set: {
		'alerts.interval_ms': INTERVAL_MS,
		'alerts.retry_ms': 200,
		'alerts.attempts': 6,
		'alerts.timeout_ms': 3000,
		'alerts.smtp_url': mail.url,
		'alerts.smtp_from': 'gateway@example.org',
		// A provider that fails is asked once, and always; then another.
		'retry.attempts': 2,
		'retry.budget_percent': 0,
		'breaker.failures': 0,
	},
}, async (stack) => {
	if (!MailServer.why)
		await mail.start();
	await hook.start();
	await addHook('hook', `${hook.url}/alerts?token=hidden-in-the-url`);
	await stack.addModel('works', 'tokens=1,prompt_tokens=1000');
	await stack.addModel('refuses', 'status=400');
});

test('a channel can be tried, and tells why it fails', async () => {
	const sent = await stack.cli(['channel', 'test', 'hook']);

	assert.deepEqual([sent.sent, sent.error], [true, null]);
	assert.equal(hook.taken().length, 1);
	assert.equal(hook.taken()[0].state, 'open');
	hook.answerWith(418, 'I am a teapot');
	const { status, out } = await cli(['channel', 'test', 'hook', '--json']);

	assert.equal(status, 1);
	assert.equal(JSON.parse(out).sent, false);
	assert.match(JSON.parse(out).error, /answered 418: I am a teapot/);
});

test('what cannot work is refused', async () => {
	const refused = async (words, pattern, input) => {
		const { status, err } = await cli(words, input);

		assert.notEqual(status, 0, words.join(' '));
		assert.match(err, pattern);
	};
	const add = (...words) => ['channel', 'add', 'x', ...words];

	await refused(add('--target', 'a@b.example'), /--kind/);
	await refused(add('--kind', 'email'), /--target/);
	await refused(add('--kind', 'email', '--target', 'a b@c'),
		/not an e-mail address/);
	await refused(add('--kind', 'email', '--target', 'a@b.example',
		'--set', 'alerts.smtp_url='), /alerts.smtp_url/);
	await refused(add('--kind', 'webhook', '--target', hook.url),
		/--secret-stdin/);
	await refused(add('--kind', 'webhook', '--target', hook.url,
		'--secret-stdin'), /16 to 1024/, 'short');
	await refused(add('--kind', 'slack', '--target', hook.url,
		'--set', 'upstream.allow_private=no'), /private/);
	await refused(add('--kind', 'slack', '--target', 'ftp://a.example/x'),
		/https/);
	await refused(['alert', 'add', 'x', '--kind', 'rain'], /--kind/);
	await refused(['alert', 'add', 'x', '--kind', 'latency',
		'--threshold', '60001'], /60000/);
	await refused(['alert', 'add', 'x', '--kind', 'budget',
		'--window-minutes', '5'], /means nothing/);
	await refused(['alert', 'add', 'x', '--kind', 'latency',
		'--channels', 'nobody'], /no channel 'nobody'/);
	await refused(['alert', 'remove', 'x'], /no alert rule/);
	await refused(['channel', 'remove', 'x'], /no channel/);
	await refused(['serve', '--set', 'alerts.smtp_url=http://a'],
		/alerts.smtp_url/);
	await refused(['serve', '--set', 'alerts.smtp_from=nobody'],
		/alerts.smtp_from/);
});

test('a budget is told at its threshold and at its end, once', async () => {
	const { id, key } = await stack.createKey('spender');
	const ofKey = ({ facts }) => facts.name === 'spender';

	// One call is 0.001002 USD: 80.2 %, then 160.3 %.
	await stack.cli(['budget', 'set', '--key', String(id), '--soft',
		'--daily', '0.00125']);
	await ask('works', key);
	await until(() => hook.taken(ofKey).length === 1, 'the warning');
	await ask('works', key);
	await until(() => hook.taken(ofKey).length === 2, 'the end');
	const [warning, end] = hook.taken(ofKey);

	assert.deepEqual([warning.kind, warning.state, warning.facts.threshold,
		warning.facts.percent, warning.facts.period],
	['budget', 'open', 80, 80, 'daily']);
	assert.equal(warning.facts.spent_usd, '0.001002');
	assert.deepEqual([end.facts.threshold, end.facts.percent], [100, 160]);
	assert.notEqual(warning.occasion, end.occasion);
	await ask('works', key);
	await sleep(6 * INTERVAL_MS);
	assert.equal(hook.taken(ofKey).length, 2);
});

test('errors begin an alert, and its end is told', async () => {
	await stack.cli(['project', 'add', 'errs']);
	const { key } = await stack.createKey('wrong', '--project', 'errs');
	const ofRule = ({ rule }) => rule === 'errors';

	await stack.cli(['alert', 'add', 'errors', '--kind', 'error_rate',
		'--threshold', '5000', '--minimum-calls', '4',
		'--project', 'errs', '--channels', 'hook']);
	for (let i = 0; i < 5; i++)
		await ask('refuses', key, 400);
	await until(() => hook.taken(ofRule).length === 1, 'the alert');
	for (let i = 0; i < 12; i++)
		await ask('works', key);
	await until(() => hook.taken(ofRule).length === 2, 'its end');
	const [begin, end] = hook.taken(ofRule);

	assert.deepEqual([begin.state, end.state], ['open', 'resolved']);
	assert.equal(begin.id, end.id);
	assert.equal(begin.closed_ms, null);
	assert.ok(end.closed_ms > begin.opened_ms);
	assert.equal(begin.facts.project, 'errs');
	assert.ok(begin.facts.failed_per_10000 >= 5000);
});

test('a provider is down, and answers again', async () => {
	const { key } = await stack.createKey('caller');
	const ofRule = ({ rule }) => rule === 'down';

	await stack.addProvider('shaky', `${stack.env.SIMULATOR_URL}/v1`);
	await stack.addModel('shaken', 'status=500', { provider: 'shaky' });
	await stack.cli(['alert', 'add', 'down', '--kind', 'provider_down',
		'--threshold', '60', '--minimum-calls', '4',
		'--channels', 'hook']);
	for (let i = 0; i < 5; i++)
		await ask('shaken', key, 500);
	await until(() => hook.taken(ofRule).length === 1, 'the alert');
	await stack.addModel('shaken', '', { provider: 'shaky' });
	await until(async () =>
		(await stack.chat(hello('shaken'), { key })).status === 200,
	'the provider');
	for (let i = 0; i < 10; i++)
		await ask('shaken', key);
	await until(() => hook.taken(ofRule).length === 2, 'its end');
	const [begin, end] = hook.taken(ofRule);

	assert.deepEqual([begin.facts.provider, begin.facts.failed_percent],
		['shaky', 100]);
	assert.equal(end.state, 'resolved');
	await stack.cli(['alert', 'remove', 'down']);
});

test('what failover saves is seen, a client\'s fault is none', async () => {
	const { key } = await stack.createKey('saved');
	const ofRule = ({ rule }) => rule === 'saved';

	await stack.addProvider('faulty', `${stack.env.SIMULATOR_URL}/v1`);
	await stack.addProvider('picky', `${stack.env.SIMULATOR_URL}/v1`);
	await stack.addModel('fails', 'status=500', { provider: 'faulty' });
	await stack.addModel('saves', '', { provider: 'picky' });
	await stack.addModel('declines', 'status=400', { provider: 'picky' });
	await stack.cli(['alias', 'set', 'either', 'fails,saves']);
	await stack.cli(['alert', 'add', 'saved', '--kind', 'provider_down',
		'--threshold', '60', '--minimum-calls', '4',
		'--channels', 'hook']);
	for (let i = 0; i < 15; i++)
		await ask('declines', key, 400);
	for (let i = 0; i < 5; i++)
		await ask('either', key);
	await until(() => hook.taken(ofRule).length === 1, 'the alert');
	const [begin] = hook.taken(ofRule);

	assert.deepEqual([begin.facts.provider, begin.facts.attempts,
		begin.facts.failed], ['faulty', 5, 5]);
	await stack.cli(['alert', 'remove', 'saved']);
});

test('a webhook that fails gets the same message again', async () => {
	const before = hook.posts.length;

	hook.answerWith(500, 'not now');
	hook.answerWith(503, 'nor now');
	await trip('again', '--channels', 'hook');
	await until(() => hook.posts.length === before + 3, 'three tries');
	const posts = hook.posts.slice(before);

	assert.deepEqual(posts.map(({ status }) => status), [500, 503, 200]);
	for (const post of posts) {
		checkSignature(post, SECRET);
		assert.equal(post.text, posts[0].text);
		assert.equal(post.headers['x-gateway-delivery'],
			posts[0].headers['x-gateway-delivery']);
		assert.equal(post.headers['content-type'], 'application/json');
	}
	assert.ok(posts[2].at - posts[1].at > posts[1].at - posts[0].at);
	const [row] = await log('again');

	assert.deepEqual([row.state, row.attempts, row.error],
		['sent', 3, '']);
	assert.ok(row.sent);
});

test('a receiver that was away gets it later', async () => {
	const away = new Receiver({ port: await freePort() });

	await stack.cli(['channel', 'add', 'chat', '--kind', 'slack',
		'--target-stdin'],
	{ input: `${away.url}/services/T0/B0/abcdefghijkl` });
	await trip('later', '--channels', 'chat');
	await until(async () => (await log('later'))[0]?.attempts >= 2,
		'tries that fail');
	const [row] = await log('later');

	assert.equal(row.state, 'waiting');
	await away.start();
	await until(() => away.posts.length > 0, 'the message');
	assert.match(away.taken()[0].text, /^\*Alert:\* .*_Rule:_ later$/s);
	assert.equal(away.posts[0].path, '/services/T0/B0/abcdefghijkl');
	await until(async () => (await log('later'))[0].state === 'sent',
		'the note of it');
	await sleep(3 * INTERVAL_MS);
	assert.equal(away.posts.length, 1);
	await away.stop();
});

test('a bad channel is given up, and the log says why', async () => {
	const bad = new Receiver({ always: [404, 'no_service'] });

	await bad.start();
	await addHook('gone', `${bad.url}/gone`);
	await trip('lost', '--channels', 'gone');
	await until(async () => (await log('lost'))[0]?.state === 'given_up',
		'the last try', { ms: 20000 });
	const [row] = await log('lost');

	assert.equal(row.attempts, 6);
	assert.match(row.error, /answered 404: no_service/);
	assert.equal(bad.posts.length, 6);
	assert.match(stack.logs(), /"level":"error"[^\n]*'gone', given up/);
	await bad.stop();
	// What a rule speaks through stays; then both can go.
	const { status, err } = await cli(['channel', 'remove', 'gone']);

	assert.notEqual(status, 0);
	assert.match(err, /'lost' speaks through this channel/);
	await stack.cli(['alert', 'remove', 'lost']);
	await stack.cli(['channel', 'remove', 'gone']);
});

test('an alert comes by e-mail', { skip: MailServer.why }, async () => {
	await stack.cli(['channel', 'add', 'mail', '--kind', 'email',
		'--target', 'ana@example.org']);
	await trip('señal', '--channels', 'mail');
	const text = await mail.messageTo('ana@example.org', /señal|se=C3=B1al/);
	const headers = decodeWords(text.slice(0, text.indexOf('\n\n')));

	assert.match(headers, /^From: gateway@example\.org$/m);
	assert.match(headers, /^To: ana@example\.org$/m);
	assert.match(headers, /^Subject: \[LLM Gateway\] Alert: \d of \d .*señal\)$/m);
	assert.match(headers, /^Message-ID: <alert-\d+-\d+@example\.org>$/m);
	assert.match(headers, /^Date: .* \+0000$/m);
	assert.match(text, /^Rule: se=C3=B1al \(error_rate\)$/m);
	await until(async () => (await log('señal'))[0].state === 'sent',
		'the note of it');
	assert.equal(mail.messages().length, 1);
});

for (const implicit of [true, false]) {
	const name = implicit ? 'smtps' : 'STARTTLS';

	test(`by ${name}, logged in`, { skip: MailServer.why }, async (t) => {
		const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'mail-tls-'));
		const certificate = makeCertificate(folder);
		const password = path.join(folder, 'password');
		const guard = new MailGuard(mail, { ...certificate, implicit,
			user: 'gateway', password: 'open sesame' });
		const address = `${name.toLowerCase()}@example.org`;
		const settings = (ca) => Object.entries({
			smtp_url: `smtp${implicit ? 's' : ''}://127.0.0.1:${guard.port}`,
			smtp_user: 'gateway', smtp_password_file: password,
			smtp_ca_file: ca,
		}).flatMap(([key, value]) => ['--set', `alerts.${key}=${value}`]);

		fs.writeFileSync(password, 'open sesame\n', { mode: 0o600 });
		await guard.start();
		t.after(async () => {
			await guard.stop();
			fs.rmSync(folder, { recursive: true });
		});
		await stack.cli(['channel', 'add', name, '--kind', 'email',
			'--target', address]);
		await stack.cli(
			['channel', 'test', name, ...settings(certificate.file)]);
		assert.match(await mail.messageTo(address, /This is a test/),
			/^Subject: \[LLM Gateway\] Alert: This is a test/m);
		// A certificate that nobody vouches for: no password is sent.
		guard.seen.length = 0;
		const { status, out } = await cli(
			['channel', 'test', name, '--json', ...settings('')]);

		assert.equal(status, 1);
		assert.match(JSON.parse(out).error, /certificate/i);
		assert.ok(!guard.seen.some((line) => /AUTH/.test(line)));
		await stack.cli(['channel', 'remove', name]);
	});
}

test('everything is told once by two processes', async () => {
	const ids = hook.posts.filter(({ status }) => status === 200)
		.map(({ headers }) => headers['x-gateway-delivery'])
		.filter((id) => id !== '0');

	assert.ok(ids.length >= 7, `${ids}`);
	assert.equal(new Set(ids).size, ids.length);
	const rows = await stack.cli(['alert', 'log']);

	assert.equal(new Set(rows.map(({ rule, occasion, channel, event }) =>
		[rule, occasion, channel, event].join())).size, rows.length);
});

test('lists show what is there, and no secret', async () => {
	const channels = await stack.cli(['channel', 'list']);
	const rules = await stack.cli(['alert', 'list']);
	const { target, kind, signed } = channels.find(
		({ name }) => name === 'hook');

	assert.deepEqual([target, kind, signed],
		[`${hook.url}/...`, 'webhook', true]);
	assert.match(channels.find(({ name }) => name === 'chat').target,
		/^http:\/\/127\.0\.0\.1:\d+\/\.\.\.ijkl$/);
	assert.ok(rules.some(({ name, built_in }) =>
		built_in && name === 'default budget alerts'));
	const errors = rules.find(({ name }) => name === 'errors');

	assert.deepEqual([errors.kind, errors.threshold, errors.minimum_calls,
		errors.window_minutes, errors.channels, errors.project],
	['error_rate', 5000, 4, 5, ['hook'], 'errs']);
	for (const text of [JSON.stringify([channels, rules]), stack.logs()])
		for (const secret of [SECRET, 'hidden-in-the-url', 'abcdefghijkl'])
			assert.ok(!text.includes(secret), secret);
});

test('a message that waits survives a restart', async () => {
	const away = new Receiver({ port: await freePort() });

	await addHook('slow', `${away.url}/x`);
	await trip('kept', '--channels', 'slow');
	await until(async () => (await log('kept'))[0]?.attempts >= 1, 'a try');
	await stack.kill('gateway');
	await away.start();
	await stack.start('gateway');
	// Should the process have died while it tried, its claim must end first.
	await until(() => away.posts.length > 0, 'the message', { ms: 90000 });
	assert.equal(away.read(away.posts[0]).rule, 'kept');
	await away.stop();
});

// RFC 2047, as we write it.
function decodeWords(headers) {
	return headers.replace(/\?=\n =\?/g, '?==?')
		.replace(/=\?utf-8\?B\?([^?]*)\?=/g, (all, word) =>
			Buffer.from(word, 'base64').toString());
}

// A rule that finds something at once, of a project of its own.
async function trip(rule, ...words) {
	await stack.cli(['project', 'add', rule]);
	const { key } = await stack.createKey(rule, '--project', rule);

	await stack.cli(['alert', 'add', rule, '--kind', 'error_rate',
		'--threshold', '1', '--minimum-calls', '1', '--project', rule,
		...words]);
	await ask('refuses', key, 400);
}

async function ask(model, key, status = 200) {
	const answer = await stack.chat(hello(model), { key });

	assert.equal(answer.status, status, answer.text);
}

function addHook(name, url) {
	return stack.cli(['channel', 'add', name, '--kind', 'webhook',
		'--target', url, '--secret-stdin'], { input: SECRET });
}

// The log's rows of a rule, the newest first.
async function log(rule) {
	return (await stack.cli(['alert', 'log']))
		.filter((row) => row.rule === rule);
}

function cli(words, input) {
	return run(program, words, { input,
		env: { LLM_GATEWAY_CONFIG: stack.env.CONFIG } });
}
