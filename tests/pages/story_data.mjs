// story_data.mjs - an organisation in which something happens: people of each
// role, keys, budgets, quotas, alerts, calls that succeed, fail, repeat; and
// what every page of it is called.
//
// The pages come from the gateway itself: /openapi.json has the rows of the
// dashboard's table, so that none of them is forgotten. What {id} stands for
// is found by following links.

import assert from 'node:assert/strict';

export const PASSWORD = 'correct horse battery';
export const ROLES = ['viewer', 'member', 'admin', 'owner'];
export const FOLDER = '/api/v1';

export async function fill(stack) {
	const models = [['steady', 'delay_ms=20'], ['brisk', ''],
		['a-model-with-quite-a-long-name-2026-11-21-preview', ''],
		['broken', 'status=500']];

	for (const [id, behaviour] of models)
		await stack.addModel(id, behaviour);
	for (const role of ROLES)
		await stack.cli(['user', 'add', `the-${role}@example.com`,
			'--role', role, '--password-stdin'], { input: PASSWORD });
	await stack.cli(['project', 'add', 'website']);
	await stack.cli(['alias', 'set', 'law-assistant', 'steady,brisk']);
	await stack.cli(['budget', 'set', '--project', 'default',
		'--daily', '0.05', '--monthly', '2']);
	await stack.cli(['quota', 'set', '--project', 'default',
		'--rpm', '500', '--tokens-daily', '100000']);
	await stack.createKey('Mobile app', '--project', 'website');
	return call(stack, models.map(([id]) => id));
}

async function call(stack, models) {
	const answers = [];

	for (let i = 0; i < 16; i++)
		answers.push(await stack.chat({
			model: i % 5 === 4 ? 'law-assistant' : models[i % 4],
			user: `user-${i % 3}`,
			messages: [{ role: 'user', content: `Hello ${i}` }],
		}));
	await stack.rows(answers.map((answer) => answer.headers['x-request-id']));
	return answers;
}

// Every row of the table: { method, path, who }.
export async function rowsOf(url) {
	const answer = await fetch(`${url}/openapi.json`);

	assert.equal(answer.status, 200, await answer.clone().text());
	const { paths } = await answer.json();
	const rows = Object.entries(paths)
		.filter(([path]) => path.startsWith(`${FOLDER}/`))
		.flatMap(([path, methods]) => Object.entries(methods)
			.filter(([, { tags }]) => tags?.[0].startsWith('Management'))
			.map(([method, operation]) => ({
				method: method.toUpperCase(),
				path: path.slice(FOLDER.length),
				operation,
			})));

	assert.ok(rows.length > 40, `${rows.length} rows`);
	return rows;
}

// A link of each kind that is reached from the first page by links alone; and
// what of the table answers HTML. `get` is a logged-in GET of a page.
export async function pagesOf(url, get) {
	const shown = (await rowsOf(url)).filter(({ method }) =>
		method === 'GET').map(({ path }) => path);
	const patterns = shown.map((path) => ({
		path,
		pattern: new RegExp(`^${path.split('{id}').map((part) =>
			part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
			.join('[^/]+')}$`),
	}));
	const links = new Map(shown.filter((path) => !path.includes('{id}'))
		.map((path) => [path, path]));
	const pages = new Map();

	for (let more = true; more;) {
		more = false;
		for (const [path, link] of links) {
			if (pages.has(path))
				continue;
			const answer = await get(link);

			more = true;
			pages.set(path, answer.status === 200 &&
				/text\/html/.test(answer.type) ? link : null);
			for (const [, href] of answer.text.matchAll(
				/(?:href|action)="(\/[^"?#]*)[^"]*"/g)) {
				const kind = patterns.find((one) => one.path === href) ??
					patterns.find((one) => one.pattern.test(href));

				if (kind && !links.has(kind.path))
					links.set(kind.path, href);
			}
		}
	}
	return {
		pages: [...pages].filter(([, link]) => link)
			.map(([path, link]) => ({ path, link })),
		unreached: shown.filter((path) => !links.has(path)),
	};
}

// GET as a browser that has these cookies.
export function getter(url, cookies) {
	const cookie = cookies.map(({ name, value }) => `${name}=${value}`)
		.join('; ');

	return async (where) => {
		const answer = await fetch(url + where, {
			headers: { cookie, accept: 'text/html' }, redirect: 'manual' });

		return {
			status: answer.status,
			type: answer.headers.get('content-type') ?? '',
			headers: answer.headers,
			text: await answer.text(),
		};
	};
}
