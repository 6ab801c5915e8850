// metrics_fcgid.test.mjs - the metrics behind Apache with mod_fcgid: many
// processes, which it starts and ends as it likes.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { metricsCases } from './metrics_cases.mjs';

const stack = metricsCases('fcgid', { processes: 8 });

test('without a token, a client that a proxy speaks for is refused',
	async () => {
		for (const name of ['x-forwarded-for', 'forwarded', 'x-real-ip']) {
			const answer = await stack.get('/api/metrics/prometheus', {
				key: null, headers: { [name]: '192.0.2.7' },
			});

			assert.equal(answer.status, 403, answer.text);
			assert.equal(answer.json().error.code, 'forbidden');
		}
	});

test('without a token nobody resets', async () => {
	const answer = await stack.get('/api/metrics/reset',
		{ key: null, method: 'POST' });

	assert.equal(answer.status, 403, answer.text);
});
