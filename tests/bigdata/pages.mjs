// tests/bigdata/pages.mjs DIR - how long each page takes, and how large it is,
// in the installation that tests/stack has started in DIR. Prints a table; it
// asserts nothing, for a machine that has other work is no measure.

import fs from 'node:fs';
import { performance } from 'node:perf_hooks';
import { gzipSync } from 'node:zlib';

const ROUNDS = 20;
const pages = [
	'/', '/?range=1h', '/?range=7d', '/?range=30d', '/?range=month',
	'/requests', '/requests?range=30d', '/requests?range=30d&outcome=failed',
	'/requests?range=30d&user=user-77', '/requests?range=30d&status=503',
	'/requests?range=30d&model=model-3', '/requests?range=30d&provider=provider-2',
	'/requests?range=30d&cost_above=0.04',
	'/requests?range=30d&text=user-77', '/requests?text=req_00000000000',
	'/requests?range=30d&text=nobody-was-called-this',
	'/usage', '/usage?by=key', '/usage?by=user', '/usage?by=model&range=90d',
];

const env = Object.fromEntries(fs.readFileSync(`${process.argv[2]}/env`, 'utf8')
	.split('\n').filter(Boolean)
	.map((line) => line.match(/^(\w+)='(.*)'$/).slice(1)));
const login = await fetch(`${env.BASE_URL}/api/v1/auth/login`, {
	method: 'POST',
	headers: { 'content-type': 'application/json' },
	body: JSON.stringify({ email: env.ADMIN_EMAIL,
		password: env.ADMIN_PASSWORD }),
});
const headers = { accept: 'text/html',
	authorization: `Bearer ${(await login.json()).token}` };

const quantile = (sorted, share) =>
	sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];

console.log('page'.padEnd(52), 'median ms', '  p95 ms', '   KB', ' KB gzip');
for (const page of pages) {
	const times = [];
	let body, status;

	for (let i = 0; i <= ROUNDS; i++) {
		const began = performance.now();
		const answer = await fetch(env.BASE_URL + page, { headers });

		body = Buffer.from(await answer.arrayBuffer());
		status = answer.status;
		// The first one fills the caches of the database.
		if (i > 0)
			times.push(performance.now() - began);
		// One that takes seconds is known well enough.
		if (times.length > 1 && performance.now() - began > 1000)
			break;
	}
	times.sort((a, b) => a - b);
	console.log(page.padEnd(52),
		quantile(times, 0.5).toFixed(1).padStart(9),
		quantile(times, 0.95).toFixed(1).padStart(8),
		(body.length / 1024).toFixed(0).padStart(5),
		(gzipSync(body).length / 1024).toFixed(0).padStart(8),
		status === 200 ? '' : `status ${status}`);
}
