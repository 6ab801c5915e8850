// bodies.test.mjs - what a project keeps of its calls beside the request log:
// nothing unless it says so, never in the clear, and whole rows or none.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { hello, run, until, useStack } from './stack.mjs';

const SECRET_TEXT = 'a sentence that nobody else writes: kumquat harvest';
const PERSONAL = 'Write to ana.garcia@example.com or +34 600 123 456, card '
	+ '4111 1111 1111 1111, from 192.0.2.17.';

const stack = useStack({ web: 'nginx' }, async (s) => {
	await s.addModel('plain', 'tokens=8');
	await s.addModel('broken', 'status=400');
	for (const [name, ...words] of [
		['full', '--bodies', 'full', '--redact', 'none'],
		['redacted', '--bodies', 'full'],
		['small', '--bodies', 'full', '--redact', 'none',
			'--body-bytes', '1024'],
		['headers', '--bodies', 'metadata'],
		['off', '--bodies', 'off'],
	]) {
		await s.cli(['project', 'add', name, ...words]);
		s[name] = (await s.createKey(name, '--project', name)).key;
	}
	s.token = await logIn(s);
});

async function logIn(s) {
	const answer = await fetch(`${s.url}/api/v1/auth/login`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ email: s.env.ADMIN_EMAIL,
			password: s.env.ADMIN_PASSWORD }),
	});

	return (await answer.json()).token;
}

// What an administrator is shown of a call, once it is in the log.
async function contentsOf(answer) {
	const id = answer.headers['x-request-id'];

	await stack.row(answer);
	const shown = await fetch(`${stack.url}/api/v1/requests/${id}`,
		{ headers: { authorization: `Bearer ${stack.token}` } });

	assert.equal(shown.status, 200);
	return (await shown.json()).contents;
}

const say = (text, more = {}) => ({ model: 'plain', ...more,
	messages: [{ role: 'user', content: text }] });

test('without a word of its project nothing is kept', async () => {
	for (const key of [stack.key, stack.off]) {
		const answer = await stack.chat(say(SECRET_TEXT), { key });

		assert.equal(answer.status, 200, answer.text);
		assert.deepEqual(await contentsOf(answer),
			{ state: { word: 'none', none: true } });
		assert.deepEqual(await stack.sql('SELECT COUNT(*) FROM request_contents '
			+ `WHERE request_id = '${answer.headers['x-request-id']}'`),
		[['0']]);
	}
});

test('both bodies and harmless headers, as the client sent and got them',
	async () => {
		const body = JSON.stringify(say(SECRET_TEXT, { temperature: 0.5 }));
		const answer = await stack.chat(body, { key: stack.full, headers: {
			'user-agent': 'bodies/1', cookie: 'session=cookie-secret',
			'x-api-key': 'sk-another-secret', 'x-private': 'private-secret',
			'x-gateway-metadata': 'on' } });
		const kept = await contentsOf(answer);

		assert.equal(kept.state.word, 'shown');
		assert.equal(kept.redacted, false);
		assert.equal(kept.request.kept.word, 'whole');
		assert.equal(kept.request.body, body);
		assert.equal(kept.response.body, answer.text);
		assert.equal(kept.request.headers['user-agent'], 'bodies/1');
		assert.equal(kept.request.headers['x-gateway-metadata'], 'on');
		assert.equal(kept.response.headers['x-request-id'],
			answer.headers['x-request-id']);
		assert.equal(kept.response.headers.status, '200');
		const headers = JSON.stringify(kept.request.headers);

		for (const name of ['authorization', 'cookie', 'x-api-key',
			'x-private'])
			assert.equal(name in kept.request.headers, false, name);
		assert.doesNotMatch(headers, /secret/);
		assert.equal(headers.includes(stack.full), false);
	});

test('at rest nothing is in the clear: not in the table, the journal, a log',
	async () => {
		const answer = await stack.chat(say(SECRET_TEXT), { key: stack.full });
		const id = answer.headers['x-request-id'];

		await stack.row(answer);
		const [[request, response]] = await stack.sql('SELECT '
			+ 'HEX(request_body), HEX(response_body) FROM request_contents '
			+ `WHERE request_id = '${id}'`);

		assert.ok(request.length > 200 && response.length > 200);
		assert.equal(Buffer.from(request, 'hex').includes('kumquat'), false);
		assert.match(filesWith(id).join(), /\.journal/);
		assert.deepEqual(filesWith('kumquat'), []);
		// A row's envelope opens for its own call alone.
		const other = await stack.chat(say('other'), { key: stack.full });

		await stack.row(other);
		await stack.sql('UPDATE request_contents SET request_body = '
			+ `UNHEX('${request}') WHERE request_id = '${
				other.headers['x-request-id']}'`);
		assert.equal((await contentsOf(other)).state.word, 'sealed');
	});

// Files of the gateway (its state and its logs) in which a word stands.
function filesWith(word) {
	const found = [];

	for (const folder of ['run', 'logs'])
		walk(path.join(stack.folder, folder));
	return found;

	function walk(folder) {
		for (const entry of fs.existsSync(folder)
			? fs.readdirSync(folder, { withFileTypes: true }) : []) {
			const file = path.join(folder, entry.name);

			if (entry.isDirectory())
				walk(file);
			else if (entry.isFile()
				&& fs.readFileSync(file).includes(word))
				found.push(file);
		}
	}
}

test('a stream is kept as the answer that it was, in the client\'s words',
	async () => {
		const chat = await stack.chat(say('Hello', { stream: true }),
			{ key: stack.full });
		const kept = await contentsOf(chat);
		const pieces = chat.text.split('\n')
			.filter((line) => line.startsWith('data: {'))
			.map((line) => JSON.parse(line.slice(6)))
			.map((event) => event.choices[0]?.delta?.content ?? '').join('');

		assert.equal(kept.response.kept.word, 'gathered');
		const whole = JSON.parse(kept.response.body);

		assert.ok(pieces.length > 0);
		assert.equal(whole.choices[0].message.content, pieces);
		const anthropic = await stack.chat({ model: 'plain', max_tokens: 50,
			stream: true, messages: [{ role: 'user', content: 'Hello' }] },
		{ key: stack.full, path: '/v1/messages' });
		const message = JSON.parse(
			(await contentsOf(anthropic)).response.body);

		assert.equal(message.type, 'message');
		assert.ok(message.content[0].text.length > 0);
	});

test('a call that fails is kept with its error', async () => {
	const unknown = await stack.chat(say('?', { model: 'no-such-model' }),
		{ key: stack.full });
	const refused = await stack.chat(say('?', { model: 'broken' }),
		{ key: stack.full });

	for (const [answer, status] of [[unknown, 404], [refused, 400]]) {
		assert.equal(answer.status, status, answer.text);
		const kept = await contentsOf(answer);

		assert.equal(kept.response.body, answer.text);
		assert.equal(kept.response.headers.status, String(status));
	}
});

test('a long body is cut, and says so', async () => {
	const body = JSON.stringify(say('long '.repeat(2000)));
	const answer = await stack.chat(body, { key: stack.small });
	const kept = await contentsOf(answer);

	assert.equal(kept.request.kept.word, 'cut');
	assert.equal(kept.request.body, body.slice(0, 1024));
	assert.equal(kept.response.kept.word, 'whole');
});

test('personal data is taken out, of streams as well', async () => {
	const answer = await stack.chat(say(PERSONAL, { user: 'ana@example.com' }),
		{ key: stack.redacted, headers: { 'user-agent': 'x bob@example.com' } });
	const kept = await contentsOf(answer);
	const request = JSON.parse(kept.request.body);

	assert.equal(kept.redacted, true);
	assert.equal(request.messages[0].content, 'Write to [email] or [phone], '
		+ 'card [card], from [ip].');
	assert.equal(request.user, '[email]');
	assert.equal(request.model, 'plain');
	assert.equal(kept.request.headers['user-agent'], 'x [email]');
	// What cannot be read as JSON cannot be redacted.
	const cut = await stack.chat('no JSON: ana@example.com',
		{ key: stack.redacted });

	assert.equal((await contentsOf(cut)).request.kept.word, 'withheld');
	assert.equal((await contentsOf(cut)).request.body, null);
	const stream = await stack.chat(say(PERSONAL, { stream: true }),
		{ key: stack.redacted });

	assert.equal((await contentsOf(stream)).response.kept.word, 'gathered');
	assert.doesNotMatch(JSON.stringify(await contentsOf(stream)),
		/ana\.garcia|600 123/);
});

test('headers alone, where a project wants no bodies', async () => {
	const kept = await contentsOf(
		await stack.chat(say(SECRET_TEXT), { key: stack.headers }));

	assert.equal(kept.request.kept.word, 'none');
	assert.equal(kept.request.body, null);
	assert.equal(kept.response.body, null);
	assert.equal(kept.response.headers.status, '200');
});

test('a change of mind counts from the next call on', async () => {
	await stack.cli(['project', 'add', 'mind', '--bodies', 'full']);
	const { key } = await stack.createKey('mind', '--project', 'mind');

	assert.equal((await contentsOf(
		await stack.chat(hello('plain'), { key }))).state.word, 'shown');
	await stack.cli(['project', 'add', 'mind', '--bodies', 'off']);
	await until(async () => (await contentsOf(
		await stack.chat(hello('plain'), { key }))).state.word === 'none',
	'the project to keep nothing');
});

test('bad words are refused', async () => {
	for (const [words, why] of [
		[['--bodies', 'some'], /off, metadata or full/],
		[['--redact', 'names'], /personal or none/],
		[['--body-bytes', '10'], /1024/],
	]) {
		const { status, err } = await run(
			path.join(path.dirname(new URL(import.meta.url).pathname),
				'../stack'),
			['cli', stack.folder, 'project', 'add', 'bad', ...words]);

		assert.notEqual(status, 0);
		assert.match(err, why);
	}
});

test('after kill -9 there are whole rows or none', async () => {
	await stack.stop('mariadb');
	const answers = [];

	for (let i = 0; i < 20; i++)
		answers.push(await stack.chat(say(`number ${i}`),
			{ key: stack.full }));
	await stack.kill('gateway');
	await stack.start('mariadb');
	await stack.start('gateway');
	const good = answers.filter(({ status }) => status === 200);

	assert.ok(good.length > 0, answers[0].text);
	await stack.rows(good.map(({ headers }) => headers['x-request-id']));
	stack.token = await logIn(stack);
	for (const [i, answer] of answers.entries()) {
		if (answer.status !== 200)
			continue;
		const kept = await contentsOf(answer);

		assert.equal(kept.request.body, JSON.stringify(say(`number ${i}`)));
		assert.equal(kept.response.body, answer.text);
	}
});
