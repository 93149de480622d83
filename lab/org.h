/* SPDX-License-Identifier: MIT */
/*
 * The organisation contoso.test: its servers, its directory, who may open whose mailbox. Built once
 * when the lab starts, read-only afterwards; everything it hands out is borrowed and lives as long
 * as it.
 *
 * All strings are UTF-8. Names, addresses and DNs compare without case, as a directory does.
 */
#ifndef OM_LAB_ORG_H
#define OM_LAB_ORG_H

#include <onemapi/prop.h>

#include "base/arena.h"

#define LAB_DOMAIN  "contoso.test" /* SMTP, UPN and personalized ids */
#define LAB_NETBIOS "CONTOSO"      /* CONTOSO\alice */
#define LAB_ORG_DN  "/o=Contoso/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)"

/* Minimal Entry IDs below this one are positions and results, never entries. [MS-OXNSPI] 2.2.1.8 */
#define LAB_MID_FIRST 0x10u

struct lab_server {
    const char *name;    /* "EX2010", the cn of its DN */
    const char *host;    /* "ex2010.contoso.test" */
    unsigned age;        /* 2007, 2010, 2013, 2016 */
    uint16_t version[4]; /* 14.3.123.3 */
    bool personalized;   /* clients name a mailbox, guid@contoso.test, never this host */
    char *dn;            /* LAB_ORG_DN/cn=Configuration/cn=Servers/cn=EX2010 */
};

enum lab_kind {
    LAB_MAILBOX, /* a user with a mailbox on `server` */
    LAB_CONTACT, /* an address elsewhere */
    LAB_LIST,    /* a distribution list */
};

/* One entry of the directory. */
struct lab_user {
    uint32_t mid; /* its Minimal Entry ID, the same for the life of the lab */
    uint32_t row; /* its row in the GAL; UINT32_MAX when hidden */
    enum lab_kind kind;
    bool hidden;                     /* not in the GAL, found by DN only */
    bool full_access;                /* may open every mailbox */
    const struct lab_server *server; /* NULL without a mailbox */
    struct om_guid guid;             /* of the mailbox (or the object) */
    char *alias;                     /* "alice": the account name as well */
    char *smtp;                      /* primary address; for those who log on also the UPN */
    char *smtp2;                     /* another proxy address, or NULL */
    char *display_name;
    char *given_name, *surname;
    char *title, *department, *phone; /* may be NULL */
    char *legacy_dn;                  /* /o=Contoso/ou=.../cn=Recipients/cn=... */
    char *server_id;   /* what a profile calls its server: guid@contoso.test, or the host name */
    char *personal_id; /* guid@contoso.test, whatever the server's age; NULL without a mailbox */
    char *home_mdb;    /* PR_EMS_AB_HOME_MDB; NULL without a mailbox */
    char *password;    /* NULL: nobody logs on as this one */
    char *sort_key;    /* folded display name: the GAL's order */
};

/* One address list, in the order of display names. The first one is the Global Address List. */
enum { LAB_LIST_GAL, LAB_LIST_USERS, LAB_LIST_GROUPS, LAB_LIST_CONTACTS, LAB_LISTS };

struct lab_list {
    uint32_t mid;     /* its Minimal Entry ID as a container; 0 for the GAL */
    const char *name; /* NULL for the GAL: Exchange gives it none */
    struct om_guid guid;
    struct lab_user **entries;
    size_t count;
};

struct lab_org {
    struct lab_server *servers;
    size_t server_count;
    struct lab_user *users; /* by Minimal Entry ID: users[mid - LAB_MID_FIRST] */
    size_t user_count;
    struct lab_user **gal; /* the Global Address List, by display name; hidden ones left out */
    size_t gal_count;
    struct lab_list lists[LAB_LISTS];
    struct lab_org_index *index;
};

/*
 * The organisation with `gal` generated entries besides its own people. Everything but the
 * passwords is the same each time; those are random. NULL when memory or the kernel's random
 * numbers are out.
 */
struct lab_org *lab_org_new(size_t gal);
void lab_org_free(struct lab_org *org); /* NULL-safe; wipes the passwords */

/* NULL when there is none. Aliases, primary and further addresses, DNs, mailbox GUIDs are unique.
 */
const struct lab_user *lab_org_by_mid(const struct lab_org *org, uint32_t mid);
const struct lab_user *lab_org_by_alias(const struct lab_org *org, const char *alias);
const struct lab_user *lab_org_by_smtp(const struct lab_org *org, const char *address);
const struct lab_user *lab_org_by_dn(const struct lab_org *org, const char *legacy_dn);
const struct lab_user *lab_org_by_guid(const struct lab_org *org, const struct om_guid *guid);

/*
 * Who logs on: ("alice", "CONTOSO"), ("alice", "contoso.test"), ("alice", ""),
 * ("alice@contoso.test", ""),
 * ("CONTOSO\alice", ""). `domain` may be NULL. Only entries with a password. NULL: nobody of that
 * name.
 */
const struct lab_user *lab_org_by_login(const struct lab_org *org, const char *user,
                                        const char *domain);

/* The mailbox a personalized id "guid@contoso.test" names (any case), or NULL. */
const struct lab_user *lab_org_by_server_id(const struct lab_org *org, const char *id);

/*
 * The server behind a name a client uses: host name, its first label, server DN (also with
 * "/cn=Microsoft Private MDB" behind it), or personalized id. An id always means a server of the
 * kind that has ids, though the mailbox itself be on an older one. NULL: none.
 */
const struct lab_server *lab_org_server(const struct lab_org *org, const char *name);

/*
 * What a client connects to for a server's DN (or an MDB's): the host name, or the personalized id
 * in it. NULL: not a DN of a server here.
 */
const char *lab_org_fqdn(const struct lab_org *org, const char *server_dn);

/*
 * The DN of a server as the home of a mailbox: from 2013 on it has the mailbox's personalized id
 * for a name. NULL: the arena is full.
 */
char *lab_org_home_dn(const struct lab_user *mailbox, const struct lab_server *server,
                      struct om_arena *a);

/* Full Access: the owner, the administrator, and the delegates of the table in org.c. */
bool lab_org_may_open(const struct lab_org *org, const struct lab_user *who,
                      const struct lab_user *mailbox);

/* The order of address lists: display name, then alias. */
int lab_org_compare(const struct lab_user *a, const struct lab_user *b);

/*
 * Folded for comparing: lower case by Unicode, spaces at both ends and runs of them gone. free()
 * the result; NULL when memory is out.
 */
char *lab_fold(const char *text);

#endif
