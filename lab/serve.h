/* SPDX-License-Identifier: MIT */
/* `onemapi-lab serve`: the organisation on the network, until a signal. */
#ifndef LAB_SERVE_H
#define LAB_SERVE_H

#include "lab/misbehave.h"
#include "lab/org.h"

struct lab_options {
    const char *dir;
    const char *mail;   /* folder of .eml files; NULL: the lab's own */
    size_t gal;         /* generated entries */
    uint16_t port_base; /* 0: whatever ports are free */
    bool real_ports;    /* 443, 80, 135 on an address for each server: 127.0.0.1, 127.0.0.2 */
    unsigned http_auth; /* enum lab_http_auth */
    struct lab_misbehave misbehave;
};

/* The process's exit code. Says on stderr what failed. */
int lab_serve(const struct lab_options *options);

/* Ports of one server, as the protocols call them and as they are. */
enum lab_slot {
    LAB_SLOT_HTTPS,
    LAB_SLOT_HTTP,
    LAB_SLOT_EPM,
    LAB_SLOT_EMSMDB,
    LAB_SLOT_RFR,
    LAB_SLOT_NSPI,
    LAB_SLOTS
};

/* What DIR tells clients about a server. */
struct lab_host {
    const struct lab_server *server;
    const struct lab_personality *personality;
    uint32_t address;
    uint16_t ports[LAB_SLOTS]; /* 0: no such port */
};

/* ---- lab/setup.c: what stands in DIR ---- */

/* Makes DIR and what is in it private. False: `why`. */
bool lab_setup_dir(const char *dir, char *why, size_t size);

/*
 * DIR/lock, locked for as long as the descriptor is open: two labs in one folder would write over
 * each other's files. -1: `why`.
 */
int lab_setup_lock(const char *dir, char *why, size_t size);

/*
 * Passwords stay the same from start to start: DIR/passwords/ALIAS. Those that exist replace the
 * organisation's, the others are written.
 */
bool lab_setup_passwords(const char *dir, struct lab_org *org, char *why, size_t size);

/* DIR/env: what points `onemapi` at this lab, as alice. */
bool lab_setup_env(const char *dir, const struct lab_org *org, const struct lab_host *hosts,
                   size_t count, char *why, size_t size);

/* The line on stdout that says the lab is ready. */
bool lab_setup_ready(const char *dir, const struct lab_org *org);

#endif
