/*
 * authenticate_user.h - a person calls with the token of their login instead
 * of a gateway key: the project's playground key stands for them
 * (accounts/playground_key.h), made when it is first needed.
 *
 * The project is the one that the header X-Gateway-Project names by its id,
 * else the one that the login looks at, else the only one there is. It takes
 * the role of a member there.
 */
#ifndef GATEWAY_AUTHENTICATE_USER_H
#define GATEWAY_AUTHENTICATE_USER_H

#include "gateway/stages.h"

/* Is it the form of such a token, which a key never has? */
bool authenticate_is_token(struct str text);

/* Sets call->key. Runs on a worker, as the login is looked up each time: one
 * that has ended is refused at once. */
enum verdict authenticate_user(struct call *call, struct str token);

#endif
