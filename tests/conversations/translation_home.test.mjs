// translation_home.test.mjs - a conversation that began with a provider of
// another dialect goes on with one of the client's own: what the first one
// sealed must not reach the second, which would refuse it.

import assert from 'node:assert/strict';
import test from 'node:test';

import Anthropic from '@anthropic-ai/sdk';

import { addModels, addProviders, modelOf } from './providers.mjs';
import { useStack } from './stack.mjs';

const stack = useStack({}, async (stack) => {
	await addProviders(stack, ['anthropic', 'gemini', 'openai_responses']);
	await addModels(stack, 'thinking', 'reasoning=8', {
		wanted: ['gemini', 'openai_responses'] });
});

const thinking = { type: 'enabled', budget_tokens: 2048 };

for (const first of ['gemini', 'openai_responses']) {
	test(`from ${first} home to anthropic`, async () => {
		const client = new Anthropic({ baseURL: stack.env.BASE_URL,
			apiKey: stack.env.GATEWAY_KEY, maxRetries: 0 });
		const messages = [{ role: 'user', content: 'Hello' }];
		const ask = (model) => client.messages.create({
			model, max_tokens: 4096, thinking, messages }).withResponse();

		const begun = (await ask(modelOf(first, 'thinking'))).data;
		const seals = begun.content.filter(({ type }) => type === 'thinking');

		// Gemini's simulator seals calls alone.
		assert.ok(seals.some(({ signature }) => signature === ''
			|| signature.startsWith(`${first}:`)), JSON.stringify(begun.content));
		messages.push({ role: 'assistant', content: begun.content },
			{ role: 'user', content: 'Go on' });

		const { data, response } = await ask(modelOf('anthropic'));

		assert.equal(data.type, 'message');
		assert.equal(response.headers.get('x-gateway-dropped'),
			'messages[1].thinking');
	});
}
