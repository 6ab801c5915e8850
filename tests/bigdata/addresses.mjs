// addresses.mjs - the address of every page and file of the dashboard, as its
// own tables of rows say (src/site/pages/*.c), with what people ask them for.

import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../src/site/pages', import.meta.url));

const ranges = ['1h', 'today', '7d', '30d', 'month', '90d']
	.map((range) => `range=${range}`);
const orders = ['key', 'user', 'model', 'provider', 'project']
	.flatMap((by) => ['24h', '7d', '30d', '90d']
		.map((range) => `by=${by}&range=${range}`));

// What is asked beside the bare address.
const queries = {
	'/': ranges,
	'/analytics/overview': ranges,
	'/usage': [...orders, 'by=user&range=90d&sort=requests&page=3',
		'by=key&from=2026-01-01'],
	'/usage/export/csv': ['by=key&range=90d'],
	'/requests': [
		...ranges,
		...['outcome=failed', 'outcome=ok', 'outcome=cached', 'outcome=cut',
			'status=503', 'status=418', 'error=upstream_status',
			'error=never', 'user=user-77@1.example', 'user=nobody',
			'model=model-0', 'model=model-29', 'model=none',
			'provider=provider-2', 'provider=none',
			'alias=assistant-3', 'alias=none', 'key=1000', 'key=1199',
			'key=999', 'cost_above=0.04', 'cost_above=1000',
			'text=user-77@', 'text=provider-3 answered',
			'text=nobody was called this', 'text=req_0',
			'text=req_zzzzzzzzzzzz', 'text=%25',
			'user=user-1@1.example&model=model-7&outcome=cut',
			'model=none&outcome=ok&text=none&cost_above=1',
		].map((query) => `range=90d&${query}`),
	],
	'/requests/export/csv': ['range=90d', 'range=90d&model=none',
		'range=90d&outcome=failed'],
	'/audit': ['actor=nobody@example.com', 'action=key.create'],
};

// What an {id} is, by how the path begins.
const identities = {
	aliases: 'alias', docs: 'operation', keys: 'key', models: 'model', projects: 'project',
	providers: 'provider', requests: 'request',
};

// [{ path, query, isPage }]: isPage where there is a template. `ids` are
// those of one of each kind. A kind that is not known here is an error, so
// that no page is left out.
export function addresses(ids) {
	return rows().flatMap(({ at, isPage }) => {
		const kind = identities[at.split('/')[1]];

		if (at.includes('{id}') && !ids[kind])
			throw new Error(`${at}: of what is that {id}?`);
		return ['', ...queries[at] ?? []].map((query) => ({
			path: encodeURI(at.replace('{id}', ids[kind]) +
				(query && `?${query}`)).replace('%2525', '%25'),
			isPage,
			isFile: /\/export\//.test(at),
		}));
	});
}

function rows() {
	const source = fs.readdirSync(folder).filter((name) => name.endsWith('.c'))
		.map((name) => fs.readFileSync(path.join(folder, name), 'utf8'))
		.join('\n');
	const found = [...source.matchAll(
		/\{ \.path = STR\("(\/[^"]*)"\),([^{}]*)\}/g)]
		.filter(([, , rest]) => /SITE_GET/.test(rest))
		.map(([, at, rest]) => ({ at, isPage: /\.template = /.test(rest) }));

	if (found.length < 40)
		throw new Error('the tables of pages are written differently now');
	return found;
}
