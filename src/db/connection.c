/*
 * connection.c - one connection: how it is opened, checked and closed, and
 * what the server's errors mean.
 */
#include "db/connection.h"

#include "base/clock.h"

#include <mariadb/errmsg.h>
#include <mariadb/mysqld_error.h>
#include <poll.h>

#define CONNECT_TIMEOUT_S 2
#define WRITE_TIMEOUT_S 30
#define TRUSTED_IDLE_MS 1000 /* not asked again within this */
#define ANSWER_TIMEOUT_MS 2000

/* What every session is, whatever the server's configuration says. */
static const struct str session_setup[] = {
	STR("SET SESSION sql_mode = 'STRICT_ALL_TABLES,"
	    "ERROR_FOR_DIVISION_BY_ZERO,NO_ZERO_DATE,NO_ZERO_IN_DATE,"
	    "NO_ENGINE_SUBSTITUTION', time_zone = '+00:00', autocommit = 1"),
	STR("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"),
};

static bool session_start(
	struct db *db, unsigned read_timeout_s, struct error *err);
static void use_tls(struct db *db);
static bool drain_results(struct db *db);
static bool means_lost(unsigned code);
static struct str fit_for_log(const char *state, const char *message);
static struct str from_last(struct str s, struct str needle);

bool connection_open(const struct db_target *target, unsigned read_timeout_s,
	struct db **out, struct error *err)
{
	struct db *db = calloc(1, sizeof(*db));

	if (!db)
		abort();
	db->target = target;
	db->mysql = mysql_init(NULL);
	if (!db->mysql)
		abort();
	if (!session_start(db, read_timeout_s, err)) {
		connection_close(db);
		return false;
	}
	*out = db;
	return true;
}

void connection_close(struct db *db)
{
	if (!db)
		return;
	statements_close(db);
	mysql_close(db->mysql);
	free(db);
}

bool connection_answers(struct db *db)
{
	struct pollfd fd = { .fd = mysql_get_socket(db->mysql),
		.events = POLLIN | POLLRDHUP };
	bool ok;

	/* Bytes nobody asked for: a farewell. */
	if (poll(&fd, 1, 0) != 0)
		return false;
	if (clock_monotonic_ms() - db->idle_since_ms <= TRUSTED_IDLE_MS)
		return true;
	/* Not mysql_ping(): that waits as long as the longest query may. */
	ok = mysql_send_query(db->mysql, "DO 0", 4) == 0 &&
	     poll(&fd, 1, ANSWER_TIMEOUT_MS) == 1 &&
	     mysql_read_query_result(db->mysql) == 0;
	return ok;
}

bool connection_query(struct db *db, struct str sql, struct error *err)
{
	if (!connection_usable(db, err))
		return false;
	if (mysql_real_query(db->mysql, sql.p, sql.n) == 0 && drain_results(db))
		return true;
	return connection_failed(db, mysql_errno(db->mysql),
		mysql_sqlstate(db->mysql), mysql_error(db->mysql), err);
}

bool connection_failed(struct db *db, unsigned code, const char *state,
	const char *message, struct error *err)
{
	struct str text = fit_for_log(state, message);

	if (means_lost(code))
		db->broken = true;
	if (db->in_transaction && code == ER_LOCK_DEADLOCK)
		db->doomed = true;
	return error_set(err,
		code == ER_DUP_ENTRY ? ERR_DUPLICATE : ERR_DATABASE,
		"MariaDB %u (%s): %.*s", code, state, STR_ARG(text));
}

bool connection_usable(const struct db *db, struct error *err)
{
	if (db->broken)
		return error_set(err, ERR_DATABASE,
			"the connection was lost before this statement");
	if (db->doomed)
		return error_set(err, ERR_DATABASE,
			"the transaction was rolled back by a deadlock before "
			"this statement");
	return true;
}

static bool session_start(
	struct db *db, unsigned read_timeout_s, struct error *err)
{
	const struct db_target *target = db->target;
	unsigned connect_timeout_s = CONNECT_TIMEOUT_S;
	unsigned write_timeout_s = WRITE_TIMEOUT_S;
	my_bool off = 0;
	/* Else "localhost" would be a socket that nobody named. */
	unsigned protocol =
		target->socket ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;

	mysql_options(db->mysql, MYSQL_OPT_CONNECT_TIMEOUT, &connect_timeout_s);
	mysql_options(db->mysql, MYSQL_OPT_READ_TIMEOUT, &read_timeout_s);
	mysql_options(db->mysql, MYSQL_OPT_WRITE_TIMEOUT, &write_timeout_s);
	mysql_options(db->mysql, MYSQL_OPT_RECONNECT, &off);
	mysql_options(db->mysql, MYSQL_OPT_PROTOCOL, &protocol);
	/* No file of this machine is sent because a server asks for it. */
	mysql_options(db->mysql, MYSQL_OPT_LOCAL_INFILE, &off);
	mysql_options(db->mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	if (target->tls)
		use_tls(db);
	if (!mysql_real_connect(db->mysql, target->socket ? NULL : target->host,
		    target->user, target->password, target->name, target->port,
		    target->socket, 0))
		return connection_failed(db, mysql_errno(db->mysql),
			mysql_sqlstate(db->mysql), mysql_error(db->mysql), err);
	for (size_t i = 0; i < ARRAY_LEN(session_setup); i++) {
		if (!connection_query(db, session_setup[i], err))
			return false;
	}
	return true;
}

/* With files that cannot be read it will not connect. */
static void use_tls(struct db *db)
{
	const struct db_target *target = db->target;
	my_bool on = 1;

	mysql_options(db->mysql, MYSQL_OPT_SSL_ENFORCE, &on);
	mysql_options(db->mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &on);
	mysql_options(db->mysql, MYSQL_OPT_SSL_CA, target->ca_file);
	mysql_options(db->mysql, MYSQL_OPT_SSL_CERT, target->certificate_file);
	mysql_options(db->mysql, MYSQL_OPT_SSL_KEY, target->key_file);
}

static bool drain_results(struct db *db)
{
	MYSQL_RES *result = mysql_store_result(db->mysql);

	mysql_free_result(result);
	return mysql_errno(db->mysql) == 0;
}

static bool means_lost(unsigned code)
{
	static const unsigned codes[] = { CR_SERVER_GONE_ERROR, CR_SERVER_LOST,
		CR_SERVER_LOST_EXTENDED, CR_COMMANDS_OUT_OF_SYNC,
		CR_MALFORMED_PACKET, CR_CONNECTION_ERROR, CR_CONN_HOST_ERROR,
		ER_SERVER_SHUTDOWN, ER_CONNECTION_KILLED,
		ER_NET_PACKETS_OUT_OF_ORDER, ER_NET_READ_ERROR,
		ER_NET_READ_INTERRUPTED, ER_NET_ERROR_ON_WRITE,
		ER_NET_WRITE_INTERRUPTED };

	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		if (code == codes[i])
			return true;
	}
	return false;
}

/*
 * The server quotes values in its complaints about data (SQLSTATE classes 22
 * and 23: "Duplicate entry 'VALUE' for key 'x'"). Of these only the end, which
 * names key or column, is kept; nothing of those that have no such end.
 */
static struct str fit_for_log(const char *state, const char *message)
{
	struct str all = str_of(message);
	struct str end;

	if (strncmp(state, "22", 2) != 0 && strncmp(state, "23", 2) != 0)
		return all;
	end = from_last(all, S("for key '"));
	if (end.n == 0)
		end = from_last(all, S("for column "));
	if (end.n == 0)
		end = from_last(all, S("foreign key constraint fails"));
	return end.n > 0 ? end : S("a value was refused");
}

static struct str from_last(struct str s, struct str needle)
{
	struct str last = { s.p, 0 };
	size_t at;

	while ((at = str_find(s, needle)) < s.n) {
		last = str_from(s, at);
		s = str_from(s, at + 1);
	}
	return last;
}
