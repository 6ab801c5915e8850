// at_once_cases.mjs - how many requests may run at the same time: of a
// user, a project, an address, and at a provider, over all processes; and what
// becomes of the places of those that are killed; for several web servers.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { addModels, fixed } from './limits_calls.mjs';
import { assertError, hello, sleep, until, useStack } from './stack.mjs';

const ADDRESS = 4;
const TOKENS = 100000;

export function atOnceCases(options, { isDaemon }) {
	const stack = useStack({
		...options, set: {
			'limits.user_concurrent': 2,
			'limits.ip_concurrent': ADDRESS,
			'limits.ip_tpm': TOKENS,
			'retry.attempts': 2,
		},
	}, async (stack) => {
		const { SIMULATOR_URL } = stack.env;
		const add = (model, provider, behaviour) =>
			stack.addModel(model, `${behaviour},tokens=4`, { provider });

		await addModels(stack);
		await stack.addProvider('narrow', `${SIMULATOR_URL}/v1`, 'sk-narrow', '--concurrent', '2');
		await stack.addProvider('wide', `${SIMULATOR_URL}/v1`, 'sk-wide');
		await add('own', 'narrow', 'delay_ms=1500');
		await add('ours', 'wide', 'delay_ms=1500');
		await add('broken', 'narrow', 'status=503,retry_after=4');
		await stack.cli(['alias', 'set', 'either', 'own,ours']);
		// mod_fcgid starts a process where a call finds none, slowly.
		await Promise.all(Array.from({ length: 8 }, () => stack.chat(hello('own'))));
	});

	// So many get through, and as long as they run no other. What the others
	// are told.
	async function assertRoom(room, ask) {
		const running = Array.from({ length: room }, ask);

		await until(async () => (await stack.stats()).active === room, `${room} to run`);
		const refused = [await ask(), await ask()];

		for (const { status } of await Promise.all(running))
			assert.equal(status, 200);
		// What has been answered gives its place back a moment later.
		await sleep(200);
		return refused.map((answer) =>
			assertError(answer, 429, 'concurrency_limit_exceeded').message);
	}

	const slow = (more) => stack.chat(hello('slow', { max_tokens: 1000, ...more }));

	test('a user', async () => {
		for (const message of await assertRoom(2, () => slow({ user: 'ann' })))
			assert.match(message, /^The user 'ann' may have 2 requests running at once\./);
		assert.equal((await stack.chat(fixed({ user: 'ann' }))).status, 200);
		assert.equal((await stack.chat(fixed({ user: 'bob' }))).status, 200);
	});

	test('a quota of a user goes before what the settings say', async () => {
		await stack.cli(['quota', 'set', '--project', 'default', '--user', 'eve', '--concurrent', '3']);
		const [message] = await assertRoom(3, () => slow({ user: 'eve' }));

		assert.match(message, /^The user 'eve' may have 3 requests running at once\./);
	});

	test('a project', async () => {
		await stack.cli(['project', 'add', 'small']);
		await stack.cli(['quota', 'set', '--project', 'small', '--concurrent', '1']);
		const { key } = await stack.createKey('of the small one', '--project', 'small');
		const ask = () => stack.chat(hello('slow', { max_tokens: 1000 }), { key });
		const [message] = await assertRoom(1, ask);

		assert.match(message, /^This project may have 1 request running at once\./);
		const [row] = (await stack.cli(['quota', 'list'])).filter(({ name }) => name === 'small');

		assert.equal(row.period, 'at_once');
		assert.equal(row.requests, 1);
		assert.equal(row.tokens, null);
	});

	test('an address', async () => {
		const [message] = await assertRoom(ADDRESS, () => slow());

		assert.match(message, /^This address may have 4 requests running at once\./);
	});

	test('a provider', async () => {
		const [message] = await assertRoom(2, () => stack.chat(hello('own')));

		assert.match(message, /provider for no more than 2 answers at once/);
		assert.equal((await stack.chat(hello('own'))).status, 200);
	});

	test('what one provider has no room for, the next one answers', async () => {
		const answers = await Promise.all(
			Array.from({ length: 4 }, () => stack.chat(hello('either'))));
		const providers = answers.map(({ headers }) => headers['x-gateway-provider']).sort();

		assert.deepEqual(providers, ['narrow', 'narrow', 'wide', 'wide']);
	});

	test('an attempt that failed takes no place while the next one waits', async () => {
		const before = (await stack.stats()).requests;
		const broken = [stack.chat(hello('broken')), stack.chat(hello('broken'))];

		// Each waits four seconds before it asks again.
		await until(async () => (await stack.stats()).requests >= before + 2, 'both to be refused');
		await assertRoom(2, () => stack.chat(hello('own')));
		for (const { status } of await Promise.all(broken))
			assert.equal(status, 503);
	});

	if (isDaemon)
		test('who is killed gives its places back', async () => {
			const lost = [slow({ user: 'dan' }), slow({ user: 'dan' })];

			await until(async () => (await stack.stats()).active === 2, 'both to run');
			assertError(await stack.chat(fixed({ user: 'dan' })), 429, 'concurrency_limit_exceeded');
			await stack.kill('gateway');
			await Promise.allSettled(lost);
			await stack.start('gateway');
			await until(async () => (await stack.chat(fixed({ user: 'dan' }))).status === 200,
				'room for another', { ms: 20000 });
		});

	// The last one: it uses up the minute.
	test('tokens of an address', async () => {
		let refused;

		for (let i = 0; i < TOKENS / 1000 && !refused; i++) {
			const answer = await stack.chat(fixed());

			if (answer.status !== 200)
				refused = answer;
		}
		assert.match(assertError(refused, 429, 'rate_limit_exceeded').message,
			/^This address may use 100000 tokens a minute/);
	});
}
