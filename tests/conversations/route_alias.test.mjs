// route_alias.test.mjs - aliases whose models have conditions, or that leave
// the choice to the router.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { root, run, useStack } from './stack.mjs';

const SIMPLE = 'What is the capital of France?';
const COMPLEX = 'Prove that there are infinitely many primes of the form '
	+ '4k + 3. Give every step of the proof, justify each of them by a '
	+ 'lemma that you prove as well, and then derive a lower bound for '
	+ 'their density among the primes up to n.';

const stack = useStack({ web: 'nginx' }, async (s) => {
	for (const [name, quality, input, output] of [
		['cheap', 55, 0.15, 0.6], ['premium', 92, 2.5, 10],
		['new', 60, 0.2, 0.8]])
		await s.cli(['model', 'add', name, '--provider', 'sandbox',
			'--upstream', 'sim-small', '--quality', `${quality}`,
			'--input-price', `${input}`, '--output-price', `${output}`]);
	await s.cli(['alias', 'set', 'smart', 'cheap,premium',
		'--when', 'cheap:complexity=simple,medium']);
	await s.cli(['alias', 'set', 'routed', 'cheap,premium',
		'--strategy', 'auto']);
	await s.cli(['alias', 'set', 'long', 'cheap,premium',
		'--when', 'cheap:max_tokens=500']);
	await s.cli(['alias', 'set', 'tagged', 'premium,cheap',
		'--when', 'premium:tags=gold,internal']);
	await s.cli(['alias', 'set', 'trial', 'cheap,new',
		'--canary', 'new:30']);
	s.gold = (await s.createKey('gold', '--tags', 'gold,other')).key;
	s.aliasOnly = (await s.createKey('one', '--models', 'routed')).key;
});

function chat(model, text, { more = {}, ...rest } = {}) {
	return stack.chat({ model, ...more,
		messages: [{ role: 'user', content: text }] }, rest);
}

const chosen = (answer) => answer.headers['x-gateway-model'];

test('by complexity', async () => {
	const simple = await chat('smart', SIMPLE);
	const complex = await chat('smart', COMPLEX);

	assert.equal(chosen(simple), 'cheap', simple.text);
	assert.equal(chosen(complex), 'premium');
	assert.equal(complex.headers['x-gateway-complexity'], 'complex');
	assert.match(complex.headers['x-gateway-route'], /^smart; ordered; /);
	const told = (await chat('smart', COMPLEX, { path: '/api/llm/route' }))
		.json();

	assert.deepEqual(told.candidates, [
		{ model: 'premium', provider: 'sandbox' },
		{ model: 'cheap', provider: 'sandbox', dropped: 'complexity' }]);
	assert.equal((await stack.row(complex)).alias, 'smart');
});

test('by the router, also for a key that knows the alias alone', async () => {
	for (const key of [stack.key, stack.aliasOnly]) {
		const simple = await chat('routed', SIMPLE, { key });
		const complex = await chat('routed', COMPLEX, { key });

		assert.equal(chosen(simple), 'cheap', simple.text);
		assert.equal(chosen(complex), 'premium', complex.text);
		assert.match(simple.headers['x-gateway-route'],
			/^routed; balanced; simple request: /);
	}
});

test('by the length of the prompt, and by tags', async () => {
	assert.equal(chosen(await chat('long', SIMPLE)), 'cheap');
	assert.equal(chosen(await chat('long', 'word '.repeat(800))), 'premium');
	assert.equal(chosen(await chat('tagged', SIMPLE)), 'cheap');
	assert.equal(chosen(await chat('tagged', SIMPLE, { key: stack.gold })),
		'premium');
	assert.equal(chosen(await chat('tagged', SIMPLE,
		{ headers: { 'x-gateway-tags': 'a, internal' } })), 'premium');
});

test('a canary gets its share of the users, each of them always the same',
	async () => {
		const users = Array.from({ length: 200 }, (_, i) => `user-${i}`);
		const ask = async (user) => (await chat('trial', SIMPLE,
			{ more: { user }, path: '/api/llm/route' })).json().model;
		const first = [];

		for (const user of users)
			first.push(await ask(user));
		for (let i = 0; i < 20; i++)
			assert.equal(await ask(users[i]), first[i]);
		// Four standard deviations of 200 draws at 30 %.
		const share = first.filter((model) => model === 'new').length;

		assert.ok(share > 34 && share < 86, `${share} of 200`);
		assert.ok(first.every((model) => ['new', 'cheap'].includes(model)));
	});

test('the list shows the conditions', async () => {
	const list = await stack.cli(['alias', 'list']);
	const of = (name) => list.find((one) => one.name === name);

	assert.deepEqual(of('smart').conditions,
		{ cheap: { complexity: ['simple', 'medium'] } });
	assert.deepEqual(of('trial').conditions, { new: { percent: 30 } });
	assert.deepEqual(of('routed').conditions, {});
	assert.equal(of('routed').strategy, 'auto');
});

test('what cannot work is refused', async () => {
	for (const [words, reason] of [
		[['cheap,premium', '--canary', 'new:10'], /none of the alias/],
		[['cheap,premium', '--canary', 'cheap:101'], /from 0 to 100/],
		[['cheap,premium', '--when', 'cheap:colour=red'], /no condition/],
		[['cheap,premium', '--when', 'complexity=simple'], /begins with/],
		[['cheap', '--canary', 'cheap:10'], /without any/],
		[['cheap,premium', '--when', 'cheap:complexity=simple',
			'--when', 'premium:complexity=complex'], /without any/],
		[['cheap', '--strategy', 'cascade'], /poor/],
		[['cheap', '--strategy', 'best'], /cascade, not 'best'/],
	]) {
		const { status, err } = await run(`${root}/tests/stack`,
			['cli', stack.folder, 'alias', 'set', 'wrong', ...words]);

		assert.notEqual(status, 0, words.join(' '));
		assert.match(err, reason);
	}
	await stack.cli(['alias', 'set', 'whole', 'cheap,premium',
		'--when', 'cheap:complexity=simple',
		'--when', 'premium:complexity=medium,complex']);
});
