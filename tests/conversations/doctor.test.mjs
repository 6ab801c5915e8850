// doctor.test.mjs - `llm-gateway doctor` says what stands between a stream and
// its clients, and whether limits, prices and the journal mean anything.

import assert from 'node:assert/strict';
import http from 'node:http';
import { test } from 'node:test';
import zlib from 'node:zlib';

import { program, run, until, useStack } from './stack.mjs';

const stack = useStack();

// { status, findings }: by what each is about.
async function doctor(url, words = [], key = stack.key) {
	const { status, out, err } = await run(program, ['doctor', '--json',
		'--url', url, '--key-stdin', '--config', stack.env.CONFIG,
		...words], { input: key });

	assert.equal(err, '');
	return {
		status,
		findings: Object.fromEntries(JSON.parse(out)
			.map(({ about, finding, text }) =>
				[about, { finding, text }])),
	};
}

// A proxy before the gateway that does something to its answers.
async function between(t, pass) {
	const server = http.createServer((request, response) => {
		http.get(stack.url + request.url, { headers: request.headers },
			(answer) => pass(answer, response, request));
	});

	await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
	t.after(() => {
		server.closeAllConnections();
		server.close();
	});
	return `http://127.0.0.1:${server.address().port}`;
}

test('a stream that arrives as it is sent', async () => {
	const { status, findings } = await doctor(stack.url);

	assert.equal(findings.stream.finding, 'ok', findings.stream.text);
	assert.match(findings.stream.text, /10 pieces.*came one by one/);
	assert.equal(status, 0);
});

test('somebody collects the pieces', async (t) => {
	const url = await between(t, (answer, response) => {
		const pieces = [];

		response.writeHead(answer.statusCode, { server: 'nginx' });
		answer.on('data', (piece) => pieces.push(piece));
		answer.on('end', () => response.end(Buffer.concat(pieces)));
	});
	const { status, findings } = await doctor(url);

	assert.equal(status, 1);
	assert.equal(findings.stream.finding, 'fault');
	assert.match(findings.stream.text, /in 1 lots.*collects.*nginx/);
});

test('somebody compresses', async (t) => {
	const url = await between(t, (answer, response) => {
		response.writeHead(answer.statusCode,
			{ 'content-encoding': 'gzip' });
		answer.pipe(zlib.createGzip()).pipe(response);
	});
	const { status, findings } = await doctor(url);

	assert.equal(status, 1);
	assert.match(findings.stream.text, /compressed \(gzip\)/);
});

test('a time-out is too short for a silence', async (t) => {
	const url = await between(t, (answer, response) => {
		let timer;
		const wait = () => {
			clearTimeout(timer);
			timer = setTimeout(() => response.destroy(), 700);
		};

		response.writeHead(answer.statusCode);
		wait();
		answer.on('data', (piece) => {
			response.write(piece);
			wait();
		});
		answer.on('end', () => {
			clearTimeout(timer);
			response.end();
		});
	});
	const bad = await doctor(url, ['--silence', '2']);
	const good = await doctor(url);

	assert.equal(bad.status, 1);
	assert.match(bad.findings['time-outs'].text,
		/broke off after 9 of 10.*in a silence/);
	assert.equal(good.status, 0);
	const patient = await doctor(stack.url, ['--silence', '2']);

	assert.match(patient.findings['time-outs'].text, /silence of 2 s/);
	assert.equal(patient.status, 0);
});

test('no gateway, a wrong key, nobody there', async (t) => {
	const elsewhere = await between(t, (answer, response) => {
		answer.resume();
		response.writeHead(404);
		response.end();
	});
	const cases = [
		[elsewhere, stack.key, /no gateway behind/],
		[stack.url, `${stack.key.slice(0, -3)}abc`, /does not take this/],
		['http://127.0.0.1:9', stack.key, /cannot be reached/],
	];

	for (const [url, key, words] of cases) {
		const { status, findings } = await doctor(url, [], key);

		assert.equal(status, 1);
		assert.equal(findings.stream.finding, 'fault');
		assert.match(findings.stream.text, words);
		assert.ok(!findings.stream.text.includes(key));
	}
});

test('prices and keys', async () => {
	await stack.cli(['model', 'add', 'free-of-price', '--provider',
		'sandbox', '--upstream', 'sim-small']);
	await stack.createKey('thrifty', '--rpm', '60');
	const { findings } = await doctor(stack.url);

	assert.equal(findings.prices.finding, 'warning');
	assert.match(findings.prices.text, /free-of-price.*unpriced/);
	assert.equal(findings.limits.finding, 'note');
	assert.ok(!findings.limits.text.includes('thrifty'));
});

test('the journal keeps up, and what it says without a database', async () => {
	await until(async () => (await doctor(stack.url))
		.findings.journal.finding === 'ok', 'the journal to be empty');
	await stack.stop('mariadb');
	const { status, findings } = await doctor(stack.url);

	assert.equal(status, 1);
	assert.equal(findings.database.finding, 'fault');
	assert.equal(findings.stream.finding, 'ok');
	await stack.start('mariadb');
});

for (const web of ['apache', 'fcgid']) {
	test(`streams through ${web}`, async (t) => {
		const other = new stack.constructor({ web });

		t.after(() => other.down());
		await other.up();
		const { out } = await run(program, ['doctor', '--json', '--url',
			other.url, '--key-stdin', '--config', other.env.CONFIG],
		{ input: other.key });
		const stream = JSON.parse(out)
			.find(({ about }) => about === 'stream');

		assert.equal(stream.finding, 'ok', stream.text);
	});
}

test('what may be asked of the stream is bounded', async () => {
	for (const query of ['pieces=0', 'pieces=101', 'gap_ms=x',
		'silence_ms=600001']) {
		const answer = await stack.get(`/v1/health/stream?${query}`);

		assert.equal(answer.status, 400, query);
		assert.match(answer.json().error.param, /pieces|gap_ms|silence_ms/);
	}
	assert.equal((await stack.get('/v1/health/stream', { key: '' })).status,
		401);
});
