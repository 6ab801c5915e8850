// bigdata.test.mjs - no page reads the log through. `make bench-pages` measures
// how long pages take at ten million calls; this counts the rows that each
// statement reads, which no other work on the machine changes.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { addresses } from '../bigdata/addresses.mjs';
import { Installation } from '../bigdata/installation.mjs';
import { root, useStack } from '../conversations/stack.mjs';

const CALLS = 30000;
// Of a page of a thousand rows for a file: those, and what is joined to them.
const MOST_OF_LOG = 8000;
// Of rollups: fewer rows than there are calls.
const MOST_OF_ROLLUPS = 25000;
// With so few calls most users have one a day, and are sorted.
const MOST_OF_USERS = 3 * CALLS;

const stack = useStack({ web: 'nginx' });

test('every page reads few rows', { timeout: 300000 }, async () => {
	await promisify(execFile)(path.join(root, 'tests/bigdata/fill'),
		[stack.folder, String(CALLS), '5']);

	const installation = new Installation(stack.folder);
	const ids = installation.ids();

	// Its connections are to be under these settings.
	await stack.stop('gateway');
	installation.sql(`SET GLOBAL log_output = 'TABLE', long_query_time = 0,
		slow_query_log = 1`);
	await stack.start('gateway');
	await installation.login();
	for (const { path: address, isPage, isFile } of addresses(ids)) {
		installation.sql(`TRUNCATE mysql.slow_log;
			SET GLOBAL slow_query_log = 1`);
		const { status } = await installation.get(address,
			{ html: isPage, firstPiece: isFile });

		const ran = statements(installation);

		assert.ok(status < 500, `${address}: ${status}`);
		assert.ok(ran.length > 0, `${address}: nothing was logged`);
		for (const { rows, text } of ran)
			assert.ok(rows <= most(text),
				`${address} reads ${rows} rows:\n${text}`);
	}
});

function most(text) {
	if (/\b(FROM|JOIN) request/.test(text))
		return MOST_OF_LOG;
	return /FROM usage_user/.test(text) ? MOST_OF_USERS : MOST_OF_ROLLUPS;
}

// The gateway's own.
function statements(installation) {
	return installation.sql(`SET GLOBAL slow_query_log = 0;
		SELECT rows_examined, REPLACE(sql_text, '\n', ' ')
		FROM mysql.slow_log WHERE user_host LIKE 'llm_gateway%'`)
		.split('\n').filter(Boolean).map((line) => {
			const [rows, text] = line.split('\t');

			return { rows: Number(rows), text };
		});
}
