// attempts.mjs - what happens between the first attempt of a call and its
// answer, in front of several processes of the gateway. Two providers, each a
// simulator of the test's own, so that each can fail, die and come back.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { Host } from './pool_hosts.mjs';
import { assertError, hello, sleep, until, useStack } from './stack.mjs';

const OPEN_MS = 3000;
const FAILURES = 5;

export function testAttempts(web, processes) {
	const a = new Host('a', ['sim-small']);
	const b = new Host('b', ['sim-small']);
	const stack = useStack({ web, processes, set: {
		'retry.base_ms': 100,
		'retry.max_ms': 400,
		'retry.max_wait_ms': 3000,
		// One process may get all of these calls.
		'retry.budget_percent': 300,
		'breaker.failures': FAILURES,
		'breaker.open_ms': OPEN_MS,
		'breaker.max_open_ms': 2 * OPEN_MS,
		'upstream.key_refused_ms': 2000,
	} }, prepare);
	// What is to be found in the request log: [answer, look].
	const looks = [];

	after(() => Promise.all([a.die(), b.die()]));

	async function prepare() {
		await Promise.all([a.start(), b.start()]);
		await stack.addProvider('alpha', `${a.url}/v1`, 'sk-alpha-first-key');
		await stack.addProvider('beta', `${b.url}/v1`, 'sk-beta-only-key');
		await stack.addProvider('keyed', `${a.url}/v1`, 'sk-keyed-first-key');
		await stack.addProvider('keyed', `${a.url}/v1`,
			'sk-keyed-second-key', '--key-name', 'second');
		await stack.addProvider('drains', `${a.url}/v1`, 'sk-drains',
			'--quirk', 'on_disconnect=drain');
		for (const name of ['retried', 'dated', 'limited', 'long', 'cut',
			'late', 'ill', 'gives-up', 'slow', 'budgeted'])
			await add(name, 'alpha');
		await add('first', 'alpha');
		await add('second', 'beta');
		await add('dies', 'alpha');
		await add('lives', 'beta');
		await add('two-keys', 'keyed');
		await add('drained', 'drains');
		await add('cancelled', 'alpha');
		await add('named', 'alpha', '--equivalence', 'small-chat');
		await add('stand-in', 'beta', '--equivalence', 'small-chat');
		await stack.cli(['alias', 'set', 'either', 'first,second']);
		await stack.cli(['alias', 'set', 'mid-load', 'dies,lives']);
		await stack.cli(['alias', 'set', 'shared', 'first,second',
			'--strategy', 'weighted', '--weights', '3,1']);
		await stack.cli(['alias', 'set', 'quickest', 'first,second',
			'--strategy', 'least_latency']);
	}

	function add(name, provider, ...words) {
		return stack.cli(['model', 'add', name, '--provider', provider,
			'--upstream', 'sim-small', '--input-price', '1',
			'--output-price', '2', ...words]);
	}

	function rules(host, ...all) {
		return host.control('rules', { rules: all });
	}

	function rowOf(answer, look) {
		looks.push([answer.headers['x-request-id'], look]);
	}

	// A call fails as often as told, and then does not.
	async function heal(model, behaviour, times, stream) {
		await rules(a, { behaviour, times });
		const answer = await stack.chat(hello(model, { stream }));

		await rules(a);
		return answer;
	}

	for (const stream of [false, true])
		test(`asked again until it answers, ${stream ? '' : 'not '}streamed`,
			async () => {
				for (const behaviour of ['status=500', 'status=503',
					'status=408', 'status=529']) {
					const answer = await heal(
						'retried', behaviour, 2, stream);

					assert.equal(answer.status, 200,
						`${behaviour}: ${answer.text}`);
					assert.equal(answer.headers[
						'x-gateway-attempts'], '3');
					rowOf(answer, (row) => {
						assert.equal(row.attempts, 3);
						assert.equal(row.complete, true);
						assert.equal(row.billing, 'billed');
						const { attempt_list: list } = row;

						assert.equal(list.length, 3);
						assert.deepEqual(list.map((one) =>
							one.attempt), [1, 2, 3]);
						assert.ok(list.every((one) =>
							one.provider === 'alpha'));
						for (const failed of list.slice(0, 2)) {
							assert.ok(failed.error);
							assert.equal(failed.advice, 'retry');
						}
						assert.equal(list[2].status, 200);
						assert.equal(list[2].error, '');
					});
				}
			});

	test('and where the connection is reset, or refused', async () => {
		// A kept connection that is reset is replaced unasked, once.
		const reset = await heal('retried', 'fault=reset', 3);

		assert.equal(reset.status, 200, reset.text);
		assert.ok(Number(reset.headers['x-gateway-attempts']) >= 2);
		await b.die();
		const [answer] = await Promise.all([
			stack.chat(hello('lives')),
			sleep(10).then(() => b.start()),
		]);

		assert.equal(answer.status, 200, answer.text);
	});

	test('Retry-After is waited for', async () => {
		const began = performance.now();
		const answer = await heal('limited', 'status=429,retry_after=1', 1);

		assert.equal(answer.status, 200, answer.text);
		assert.ok(performance.now() - began >= 1000);
		rowOf(answer, ({ attempt_list: list }) => {
			const asked = list.filter(({ status }) => status > 0);

			assert.deepEqual(asked.map(({ status }) => status), [429, 200]);
			assert.ok(asked[1].offset_us - asked[0].offset_us >= 1e6);
		});
	});

	test('so is OpenAI\'s own header, and a date', async () => {
		for (const headers of [{ 'retry-after-ms': '700' },
			{ 'retry-after': () =>
				new Date(Date.now() + 2000).toUTCString() }]) {
			const sent = Object.fromEntries(Object.entries(headers).map(
				([name, value]) => [name,
					typeof value === 'function' ? value() : value]));

			await a.control('play', { status: 429, body: '{}', headers:
				{ 'content-type': 'application/json', ...sent } });
			const began = performance.now();
			const answer = await stack.chat(hello('dated'));

			assert.equal(answer.status, 200, answer.text);
			assert.ok(performance.now() - began >= 690);
		}
	});

	test('a Retry-After that is too long goes to the client', async () => {
		const answer = await heal('long', 'status=429,retry_after=30', 9);

		assert.equal(answer.status, 429, answer.text);
		assert.equal(answer.headers['retry-after'], '30');
		rowOf(answer, (row) => {
			assert.equal(row.attempts, 1);
			assert.equal(row.attempt_list.length, 1);
			assert.equal(row.attempt_list[0].status, 429);
		});
		// Until then nobody asks with this key.
		const { requests } = await statsOf(a);
		const again = await stack.chat(hello('long'));

		assert.equal(again.status, 429, again.text);
		assert.ok(Number(again.headers['retry-after']) > 20);
		assert.equal((await statsOf(a)).requests, requests);
		rowOf(again, (row) => {
			assert.equal(row.attempts, 0);
			assert.equal(row.attempt_list[0].status, 0);
			assert.match(row.attempt_list[0].error_detail, /429/);
		});
	});

	test('not once a byte of an answer has reached the client', async () => {
		await rules(a, { behaviour: 'fault=cut' });
		const { requests } = await statsOf(a);
		const answer = await stack.chat(hello('cut', { stream: true }));

		await rules(a);
		assert.equal(answer.chunks().at(-1).error.code, 'upstream_cut');
		assert.equal((await statsOf(a)).requests, requests + 1);
		rowOf(answer, (row) => {
			assert.equal(row.attempts, 1);
			assert.equal(row.billing, 'estimated');
			assert.equal(row.billing_reason, 'cut');
			assert.equal(row.attempt_list.length, 1);
			assert.equal(row.attempt_list[0].error, 'upstream_cut');
		});
	});

	test('as often as retry.attempts says', async () => {
		const answer = await heal('gives-up', 'status=503', 9);

		assert.equal(answer.status, 503);
		assert.match(answer.json().error.message, /./);
		rowOf(answer, (row) => {
			assert.equal(row.attempts, 4);
			assert.equal(row.attempt_list.length, 4);
		});
	});

	test('an untried target comes before a wait', async () => {
		const answer = await heal('either', 'status=500', 9);

		assert.equal(answer.status, 200, answer.text);
		assert.equal(answer.headers['x-gateway-model'], 'second');
		assert.equal(answer.headers['x-gateway-provider'], 'beta');
		rowOf(answer, (row) => {
			assert.equal(row.model_used, 'second');
			assert.deepEqual(row.attempt_list.map(({ model, status }) =>
				[model, status]), [['first', 500], ['second', 200]]);
		});
	});

	test('a model of the same equivalence stands in', async () => {
		const answer = await heal('named', 'status=500', 9);

		assert.equal(answer.status, 200, answer.text);
		assert.equal(answer.headers['x-gateway-model'], 'stand-in');
	});

	test('only where the key may use it', async () => {
		const { key } = await stack.createKey('narrow', '--models', 'named');

		await rules(a, { behaviour: 'status=500' });
		const answer = await stack.chat(hello('named'), { key });

		await rules(a);
		assert.notEqual(answer.status, 200);
		assert.equal(answer.headers['x-gateway-provider'], 'alpha');
	});

	test('a key that is refused: another one is tried, at once', async () => {
		const seen = new Set();

		await rules(a, { behaviour: 'status=401', key: 'sk-keyed-first-key' });
		for (let i = 0; i < 12; i++) {
			const answer = await stack.chat(hello('two-keys'));

			assert.equal(answer.status, 200, answer.text);
			seen.add(answer.headers['x-gateway-attempts'] ?? '1');
			rowOf(answer, (row) => {
				const bad = (row.attempt_list ?? []).filter(
					({ status }) => status === 401);

				assert.ok(bad.length <= 1);
			});
		}
		// One of all calls found out, on whichever process.
		assert.ok(seen.has('1'));
		await rules(a, { behaviour: 'status=401' });
		const refused = await stack.chat(hello('two-keys'));

		assert.equal(refused.status, 401, refused.text);
		await rules(a);
		// It is used again when its time is over.
		await until(async () =>
			(await stack.chat(hello('two-keys'))).status === 200,
		'the keys to be used again');
	});

	test('no call outlives its deadline', async () => {
		const { key } = await stack.createKey('hasty',
			'--total-timeout-ms', '600');
		const began = performance.now();

		await rules(a, { behaviour: 'delay_ms=5000' });
		const answer = await stack.chat(hello('slow'), { key });

		await rules(a);
		assertError(answer, 504, 'upstream_timeout', null);
		assert.ok(performance.now() - began < 4000);
		const waiting = await heal2(key);

		assert.equal(waiting.status, 429, waiting.text);
		assert.ok(performance.now() - began < 4500);
	});

	// Its wait would end after the call's time.
	async function heal2(key) {
		await rules(a, { behaviour: 'status=429,retry_after=2', times: 1 });
		const answer = await stack.chat(hello('late'), { key });

		await rules(a);
		return answer;
	}

	test('the time to the first byte is the key\'s own', async () => {
		const { key } = await stack.createKey('eager',
			'--first-byte-timeout-ms', '300');

		await rules(a, { behaviour: 'delay_ms=5000' });
		for (let i = 0; i < FAILURES + 2; i++) {
			const answer = await stack.chat(hello('slow'), { key });

			assert.equal(answer.status, 504, answer.text);
		}
		await rules(a);
		// What one key has no time for is no failure for the others.
		assert.equal((await stack.chat(hello('slow'))).status, 200);
	});

	test('a breaker opens on all processes, and closes again', async (t) => {
		// So that all processes are there.
		await many(24, () => stack.chat(hello('retried')));
		await rules(a, { behaviour: 'status=500' });
		await until(async () =>
			(await stack.chat(hello('ill'))).json().error.code
				=== 'circuit_open', 'the breaker to open');
		const { requests } = await statsOf(a);
		const answers = await many(24, () => stack.chat(hello('ill')));
		const open = answers.filter(({ status }) => status === 503);

		assert.equal(open.length, answers.length);
		for (const answer of answers) {
			assertError(answer, 503, 'circuit_open', null);
			assert.ok(Number(answer.headers['retry-after']) >= 1);
		}
		assert.equal((await statsOf(a)).requests, requests,
			'nobody asked the provider');
		rowOf(answers[0], (row) => {
			assert.equal(row.error, 'circuit_open');
			assert.equal(row.attempts, 0);
			assert.equal(row.attempt_list[0].error, 'circuit_open');
			assert.equal(row.attempt_list[0].status, 0);
		});
		await t.test('one call probes', async () => {
			await sleep(OPEN_MS + 100);
			await rules(a, { behaviour: 'delay_ms=500,status=500' });
			const probes = await many(24, () => stack.chat(hello('ill')));

			assert.equal((await statsOf(a)).requests, requests + 1);
			assert.equal(probes.filter((answer) =>
				answer.json().error.code === 'circuit_open').length, 23);
		});
		await t.test('it closes when a probe succeeds', async () => {
			await rules(a);
			await until(async () =>
				(await stack.chat(hello('ill'))).status === 200,
			'the breaker to close', { every: 100 });
			const after = await many(24, () => stack.chat(hello('ill')));

			assert.ok(after.every(({ status }) => status === 200));
		});
	});

	test('a provider dies under load: no client sees it', async () => {
		const seen = [];
		let goesOn = true;
		const callers = Array.from({ length: 6 }, async (_, i) => {
			while (goesOn)
				seen.push(await stack.chat(
					hello('mid-load', { stream: i % 2 === 0 })));
		});

		await sleep(300);
		await a.die();
		await sleep(1200);
		goesOn = false;
		await Promise.all(callers);
		const failed = seen.filter((answer) => answer.status !== 200);
		const cut = seen.filter((answer) => answer.text.includes('"error"'));

		assert.ok(seen.length > 20, `${seen.length} calls`);
		// One that was half answered when it died is not asked again.
		assert.deepEqual(failed.map(({ text }) => text), []);
		assert.ok(cut.length <= 6);
		const last = await stack.chat(hello('mid-load'));

		assert.equal(last.headers['x-gateway-provider'], 'beta');
		rowOf(last, ({ attempt_list: list }) =>
			assert.equal(list.at(-1).provider, 'beta'));
		await a.start();
		await until(async () => (await stack.chat(hello('mid-load')))
			.headers['x-gateway-provider'] === 'alpha',
		'the provider to be used again', { every: 100 });
	});

	test('a weighted alias shares its calls', async () => {
		const counts = await countModels('shared', 80);

		// 60 of 80 are expected; 45 or 75 are four deviations away.
		assert.ok(counts.first >= 45 && counts.first <= 75,
			JSON.stringify(counts));
	});

	test('the quickest is asked, and the others now and then', async () => {
		await rules(a, { behaviour: 'delay_ms=300' });
		const counts = await countModels('quickest', 40);

		await rules(a);
		assert.ok((counts.second ?? 0) >= 20, JSON.stringify(counts));
	});

	async function countModels(alias, calls) {
		const counts = {};

		for (let i = 0; i < calls; i++) {
			const answer = await stack.chat(hello(alias));
			const name = answer.headers['x-gateway-model'];

			assert.equal(answer.status, 200, answer.text);
			counts[name] = (counts[name] ?? 0) + 1;
		}
		return counts;
	}

	for (const [model, reason] of [['drained', null],
		['cancelled', 'client_gone']])
		test(`a client leaves, and the call is ${model}`, async () => {
			await rules(a, { behaviour: 'tokens=40,gap_ms=30' });
			const stream = stack.beginChat(hello(model,
				{ stream: true, user: model }));

			await until(() => stream.chunks().length > 3, 'some of it');
			const before = await statsOf(a);

			stream.leave();
			const row = await until(async () =>
				(await stack.exportUsage()).find(({ user }) =>
					user === model), 'the row', { every: 100 });
			const stats = await statsOf(a);

			await rules(a);
			assert.equal(row.status, 499);
			assert.equal(row.error, 'client_gone');
			assert.equal(row.complete, false);
			assert.equal(row.billing_reason, reason);
			if (model === 'drained') {
				assert.equal(row.billing, 'billed');
				assert.equal(row.usage_source, 'provider');
				assert.equal(row.completion_tokens, 40);
				assert.equal(stats.client_aborts, before.client_aborts);
			} else {
				assert.equal(row.billing, 'estimated');
				assert.ok(row.completion_tokens < 40);
				assert.equal(stats.client_aborts,
					before.client_aborts + 1);
			}
		});

	test('the request log has what happened', async (t) => {
		const rows = await stack.rows(looks.map(([id]) => id));

		for (const [id, look] of looks)
			await t.test(id, () => look(rows.get(id)));
	});

	function many(count, ask) {
		return Promise.all(Array.from({ length: count }, ask));
	}

	async function statsOf(host) {
		return (await fetch(`${host.url}/_simulator/stats`)).json();
	}
}
