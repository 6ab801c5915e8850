// limits.test.mjs - budgets, quotas, time zones and rates by the command line,
// against a MariaDB of the test's own. Run with: node --test tests/cli/
//
// LLM_GATEWAY names the program (default build/gcc/llm-gateway).

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { PrivateMariadb } from './private_mariadb.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const program = path.resolve(root, process.env.LLM_GATEWAY ?? 'build/gcc/llm-gateway');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'gateway-cli-'));
const mariadb = new PrivateMariadb(folder);
const config = path.join(folder, 'settings.conf');
const DAY = 86_400_000;
let key;

function gateway(words) {
	const result = spawnSync(program, [...words, '--config', config], {
		input: '', encoding: 'utf8', cwd: root, env: { PATH: process.env.PATH } });
	assert.ifError(result.error);
	return { status: result.status, out: result.stdout, err: result.stderr };
}

function json(words, told = /^$/) {
	const { status, out, err } = gateway([...words, '--json']);
	assert.equal(status, 0, err);
	assert.match(err, told);
	return JSON.parse(out);
}

function refused(words, status, pattern) {
	const result = gateway(words);
	assert.equal(result.status, status, result.out + result.err);
	assert.match(result.err, pattern);
}

const sql = (text) => mariadb.sql(text);
const version = (topic) => Number(sql(`SELECT version FROM snapshot_version WHERE topic = '${topic}'`));

before(async () => {
	await mariadb.start('--skip-networking');
	fs.writeFileSync(config, `[database]\nsocket = ${mariadb.socket}\nuser = root\n`
		+ `[server]\nhot_dir = ${folder}/hot\nstate_dir = ${folder}/state\n`);
	json(['migrate', '--sql-dir', path.join(root, 'sql')], /migration/);
	json(['project', 'add', 'law', '--time-zone', 'Asia/Tokyo']);
	key = json(['key', 'create', '--name', 'app', '--project', 'law', '--concurrent', '7']).id;
});

beforeEach(() => sql('DELETE FROM budgets; DELETE FROM quotas; DELETE FROM usage_scope_hour; DELETE FROM usage_scope_day'));

after(async () => {
	await mariadb.stop();
	fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

test('a project has its own days; a zone that is not known is refused', () => {
	const at = version('keys');
	assert.equal(json(['project', 'add', 'law']).time_zone, 'Asia/Tokyo');
	assert.equal(json(['project', 'add', 'law', '--time-zone', 'Europe/Madrid']).time_zone, 'Europe/Madrid');
	assert.ok(version('keys') > at);
	assert.equal(json(['project', 'add', 'plain']).time_zone, 'UTC');
	for (const zone of ['Europe/Nowhere', '../../etc/passwd', '/etc/localtime', 'CET CEST', 'Europe'])
		refused(['project', 'add', 'other', '--time-zone', zone], 1, /no time zone/);
	assert.equal(sql("SELECT COUNT(*) FROM projects WHERE name = 'other'"), '0');
	assert.equal(json(['project', 'add', 'law', '--time-zone', 'Asia/Tokyo']).time_zone, 'Asia/Tokyo');
});

test('a key may be limited in calls at once', () => {
	const row = json(['key', 'list']).find(({ id }) => id === key);
	assert.equal(row.concurrent, 7);
	refused(['key', 'create', '--name', 'x', '--concurrent', '0'], 2, /--concurrent/);
});

test('a provider may be limited; what is not given stays', () => {
	const words = ['provider', 'add', 'groq'];
	assert.deepEqual((({ rpm, tpm }) => ({ rpm, tpm }))(json([...words, '--rpm', '30', '--tpm', '6000'])),
		{ rpm: 30, tpm: 6000 });
	assert.equal(json([...words, '--tpm', '7000']).rpm, 30);
	assert.equal(sql("SELECT CONCAT(rpm, ' ', tpm) FROM providers"), '30 7000');
	assert.equal(json([...words, '--rpm', '0']).rpm, null);
	assert.equal(json([...words, '--concurrent', '4']).concurrent, 4);
	assert.equal(sql('SELECT concurrent FROM providers'), '4');
	refused([...words, '--rpm', '-1'], 2, /--rpm/);
});

test('budget set: of every scope, hard unless said, changed by a second time', () => {
	const at = version('keys');
	const [daily, monthly] = json(['budget', 'set', '--organisation', '--daily', '10.5', '--monthly', '200']);
	assert.deepEqual(daily, { id: daily.id, scope: 'organisation', scope_id: 1, name: 'default', user: null,
		period: 'daily', limit_usd: '10.5', hard: true, threshold_percent: 80, created: true });
	assert.equal(monthly.period, 'monthly');
	assert.ok(version('keys') > at);
	const [project] = json(['budget', 'set', '--project', 'law', '--daily', '1', '--soft', '--threshold', '50']);
	assert.equal(project.hard, false);
	assert.equal(project.threshold_percent, 50);
	const [own] = json(['budget', 'set', '--key', String(key), '--monthly', '0.000000000001']);
	assert.equal(own.name, 'app');
	const [ana] = json(['budget', 'set', '--project', 'law', '--user', 'ana', '--daily', '0']);
	assert.equal(ana.user, 'ana');
	const [each] = json(['budget', 'set', '--project', 'law', '--each-user', '--daily', '2']);
	assert.equal(each.scope, 'user');
	assert.equal(each.user, '');
	const [again] = json(['budget', 'set', '--project', 'law', '--daily', '3']);
	assert.equal(again.id, project.id);
	assert.equal(again.created, false);
	assert.equal(sql('SELECT COUNT(*) FROM budgets'), '6');
	assert.equal(sql(`SELECT CONCAT(limit_picousd, ' ', hard) FROM budgets WHERE id = ${project.id}`),
		'3000000000000 1');
	assert.equal(sql(`SELECT COUNT(*) FROM audit WHERE action = 'budget.set' AND object_id IN
		(${daily.id}, ${monthly.id})`), '2');
});

test('budget list: what was spent, how much of it, and when it begins anew', () => {
	const now = Date.now();
	const tokyo = Math.floor((now + 9 * 3_600_000) / DAY) * DAY - 9 * 3_600_000;
	const hour = (ms) => Math.floor(ms / 3_600_000) * 3_600_000;
	json(['budget', 'set', '--key', String(key), '--daily', '2']);
	json(['budget', 'set', '--organisation', '--monthly', '0']);
	json(['budget', 'set', '--project', 'law', '--each-user', '--daily', '2']);
	// One hour of today there, and one before it.
	for (const [scope, id] of [['key', key], ['organisation', 1]])
		for (const [table, begins] of [['hour', hour], ['day', (ms) => Math.floor(ms / DAY) * DAY]])
			for (const [at, charged] of [[now, '1500000000000'], [tokyo - 3_600_000, '7000000000000']])
				sql(`INSERT INTO usage_scope_${table} (scope, scope_id, subject, bucket_ms, requests,
					charged_picousd) VALUES ('${scope}', ${id}, 'all', ${begins(at)}, 1, ${charged})
					ON DUPLICATE KEY UPDATE charged_picousd = charged_picousd + VALUES(charged_picousd)`);
	const [own, organisation, each] = json(['budget', 'list']);
	assert.equal(own.spent_usd, '1.5');
	assert.equal(own.percent, 75);
	assert.equal(own.time_zone, 'Asia/Tokyo');
	assert.equal(own.status, 'active');
	assert.equal(Date.parse(own.resets), tokyo + DAY);
	assert.equal(organisation.percent, 100);
	assert.equal(organisation.time_zone, 'UTC');
	assert.match(organisation.resets, /-01T00:00:00\.000Z$/);
	assert.deepEqual([each.spent_usd, each.percent], [null, null]);
	assert.match(gateway(['budget', 'list']).out, /^id +scope .*\n\d+ +key /);
});

test('what can never count is told', () => {
	const other = json(['key', 'create', '--name', 'old', '--project', 'law']).id;
	json(['key', 'revoke', String(other)]);
	json(['budget', 'set', '--key', String(other), '--daily', '1'], /revoked.*nothing will count/);
	assert.equal(json(['budget', 'list'])[0].status, 'no use');
	json(['project', 'add', 'empty']);
	json(['quota', 'set', '--project', 'empty', '--each-user', '--rpm', '1'], /no key.*nothing will count/);
});

test('quota set: what is not given stays', () => {
	const rows = json(['quota', 'set', '--project', 'law', '--each-user', '--rpm', '10', '--tokens-daily', '100000']);
	assert.deepEqual(rows.map(({ period, requests, tokens }) => [period, requests, tokens]),
		[['minute', 10, null], ['daily', null, 100000]]);
	json(['quota', 'set', '--project', 'law', '--each-user', '--requests-daily', '50', '--tpm', '900']);
	json(['quota', 'set', '--key', String(key), '--tokens-monthly', '5', '--requests-monthly', '6']);
	const list = json(['quota', 'list']);
	assert.deepEqual(list.map(({ period, requests, tokens }) => [period, requests, tokens]),
		[['minute', 10, 900], ['daily', 50, 100000], ['monthly', 6, 5]]);
	assert.equal(list[2].scope, 'key');
	assert.equal(list[2].requests_used, 0);
	assert.equal(list[0].requests_used, null);
	assert.ok(Date.parse(list[2].resets) > Date.now());
	assert.deepEqual(json(['quota', 'remove', String(list[0].id)]), { id: list[0].id, removed: true });
	assert.equal(json(['quota', 'list']).length, 2);
	refused(['quota', 'remove', String(list[0].id)], 1, /no quota/);
});

test('a quota of what runs at once', () => {
	const rows = json(['quota', 'set', '--project', 'law', '--user', 'ana', '--concurrent', '3']);
	assert.deepEqual(rows.map(({ period, requests, tokens }) => [period, requests, tokens]),
		[['at_once', 3, null]]);
	const [row] = json(['quota', 'list']);
	assert.deepEqual([row.user, row.period, row.requests, row.requests_used, row.resets],
		['ana', 'at_once', 3, null, null]);
	refused(['quota', 'set', '--project', 'law', '--concurrent', '0'], 2, /--concurrent/);
});

test('a removed budget is gone', () => {
	const [{ id }] = json(['budget', 'set', '--organisation', '--daily', '1']);
	assert.deepEqual(json(['budget', 'remove', String(id)]), { id, removed: true });
	assert.deepEqual(json(['budget', 'list']), []);
	refused(['budget', 'remove', String(id)], 1, /no budget/);
	refused(['budget', 'remove', 'x'], 2, /not the id/);
	assert.equal(sql("SELECT COUNT(*) FROM audit WHERE action = 'budget.remove'"), '1');
});

test('what makes no sense is refused, and changes nothing', () => {
	for (const kind of ['budget', 'quota']) {
		const amount = kind === 'budget' ? ['--daily', '1'] : ['--rpm', '1'];
		const set = (...words) => [kind, 'set', ...words];
		refused(set(...amount), 2, /--organisation, --project and --key/);
		refused(set('--organisation', '--key', '1', ...amount), 2, /one of/);
		refused(set('--organisation', '--user', 'ana', ...amount), 2, /--user needs --project/);
		refused(set('--key', '1', '--each-user', ...amount), 2, /--each-user needs --project/);
		refused(set('--project', 'law', '--user', 'a', '--each-user', ...amount), 2, /not both/);
		refused(set('--project', 'nobody', ...amount), 1, /no project 'nobody'/);
		refused(set('--key', '999', ...amount), 1, /no gateway key 999/);
		refused(set('--key', 'x', ...amount), 2, /--key 'x'/);
		refused(set('--project', 'law', '--user', 'x'.repeat(256), ...amount), 1, /255 bytes/);
		refused(set('--project', 'law'), 2, /Give /);
	}
	refused(['budget', 'set', '--organisation', '--daily', '-1'], 2, /--daily/);
	refused(['budget', 'set', '--organisation', '--daily', '1e3'], 2, /--daily/);
	refused(['budget', 'set', '--organisation', '--daily', '1', '--threshold', '0'], 2, /--threshold/);
	refused(['budget', 'set', '--organisation', '--daily', '1', '--threshold', '101'], 2, /--threshold/);
	refused(['quota', 'set', '--organisation', '--rpm', '0'], 2, /--rpm/);
	assert.deepEqual(json(['budget', 'list']), []);
	assert.deepEqual(json(['quota', 'list']), []);
});

test('money in the settings is exact, or refused', () => {
	const set = (text) => ['budget', 'list', '--set', text];
	assert.equal(gateway(set('limits.slice_usd=0.000000000001')).status, 0);
	assert.equal(gateway(set('limits.unpriced_input_usd=0.000001')).status, 0);
	refused(set('limits.slice_usd=1e3'), 1, /limits\.slice_usd = '1e3': expected US dollars/);
	refused(set('limits.outage_allowance_usd=-1'), 1, /limits\.outage_allowance_usd/);
	refused(set('limits.unpriced_output_usd=0.0000001'), 1, /per million tokens/);
	refused(set('limits.user_rpm=-1'), 1, /limits\.user_rpm/);
	refused(set('server.host_name=a b'), 1, /server\.host_name/);
});
