// model_enable.test.mjs - `model disable` and `model enable`: calls stop and
// go on, without a restart.

import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { hello, run, until, useStack } from '../conversations/stack.mjs';

const script = path.join(
	path.dirname(fileURLToPath(import.meta.url)), '../stack');
const stack = useStack({ web: 'nginx' }, (s) => s.addModel('switched'));

const status = async () => (await stack.chat(hello('switched'))).status;

test('a model that is disabled gets no calls, until it is enabled',
	async () => {
		assert.equal(await status(), 200);
		assert.deepEqual(await stack.cli(['model', 'disable', 'switched']),
			{ name: 'switched', enabled: false, models: 1 });
		await until(async () => await status() === 404, 'the model to go');
		assert.equal((await stack.cli(['model', 'enable', 'switched',
			'--provider', 'sandbox'])).enabled, true);
		await until(async () => await status() === 200, 'the model to return');
	});

test('a model that is not there is refused', async () => {
	for (const words of [['nothing'], ['switched', '--provider', 'other']]) {
		const { status: code, err } = await run(script,
			['cli', stack.folder, 'model', 'disable', ...words]);

		assert.notEqual(code, 0);
		assert.match(err, /no model/);
	}
	assert.equal(await status(), 200);
});
