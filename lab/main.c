/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/http.h"
#include "lab/serve.h"

#define MAX_GAL 1000000u

static const char usage_text[] =
    "usage: onemapi-lab serve --dir DIR [OPTION]...\n"
    "\n"
    "Runs the organisation contoso.test on loopback until SIGTERM: an Exchange 2013 that is "
    "reached by\n"
    "RPC over HTTP and an Exchange 2010 that is reached by RPC over TCP. DIR/env points onemapi at "
    "it.\n"
    "\n"
    "  --dir DIR              passwords, certificates, mailboxes; made when it is not there\n"
    "  --port-base N          the first of the ports to listen on (default: any that are free)\n"
    "  --real-ports           443, 80 and 135, on 127.0.0.1 and following; for root, in a network "
    "namespace\n"
    "  --mail FOLDER          fill the mailboxes with the messages (.eml) of this folder\n"
    "  --gal N                so many more entries in the address book\n"
    "  --http-auth METHODS    basic, ntlm or both (default both)\n"
    "  --misbehave KIND[=ARG][@WHERE]\n"
    "                         do something wrong; WHERE is SERVER, PORT or SERVER:PORT. KIND is "
    "one of:\n";

static void usage(FILE *f)
{
    char kinds[8192];

    lab_misbehave_help(kinds, sizeof(kinds));
    fputs(usage_text, f);
    fputs(kinds, f);
}

static int refuse(const char *what, const char *why)
{
    fprintf(stderr, "onemapi-lab: %s%s%s\nhint: onemapi-lab --help\n", what, why ? ": " : "",
            why ? why : "");
    return 2;
}

static bool take_number(const char *text, unsigned long max, unsigned long *out)
{
    char *end;

    errno = 0;
    *out = strtoul(text, &end, 10);
    return end != text && !*end && !errno && *text != '-' && *out <= max;
}

static bool take_auth(const char *text, unsigned *auth)
{
    if (!strcmp(text, "basic"))
        *auth = LAB_HTTP_BASIC;
    else if (!strcmp(text, "ntlm"))
        *auth = LAB_HTTP_NTLM;
    else
        *auth = LAB_HTTP_BASIC | LAB_HTTP_NTLM;
    return !strcmp(text, "basic") || !strcmp(text, "ntlm") || !strcmp(text, "both");
}

static const struct option long_options[] = {
    {"dir", required_argument, NULL, 'd'},
    {"port-base", required_argument, NULL, 'p'},
    {"real-ports", no_argument, NULL, 'r'},
    {"mail", required_argument, NULL, 'm'},
    {"gal", required_argument, NULL, 'g'},
    {"http-auth", required_argument, NULL, 'a'},
    {"misbehave", required_argument, NULL, 'x'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* 0: go on; else the exit code plus one, so that --help can end with 0. */
static int take_option(int c, struct lab_options *o)
{
    unsigned long n = 0;
    char why[160];

    switch (c) {
    case 'd':
        o->dir = optarg;
        return 0;
    case 'm':
        o->mail = optarg;
        return 0;
    case 'r':
        o->real_ports = true;
        return 0;
    case 'p':
        if (!take_number(optarg, 65000, &n))
            return 1 + refuse(optarg, "not a number that fits here");
        o->port_base = (uint16_t)n;
        return 0;
    case 'g':
        if (!take_number(optarg, MAX_GAL, &n))
            return 1 + refuse(optarg, "not a number that fits here");
        o->gal = n;
        return 0;
    case 'a':
        return take_auth(optarg, &o->http_auth)
                   ? 0
                   : 1 + refuse(optarg, "--http-auth takes basic, ntlm or both");
    case 'x':
        return lab_misbehave_add(&o->misbehave, optarg, why, sizeof(why)) ? 0
                                                                          : 1 + refuse(why, NULL);
    case 'h':
        usage(stdout);
        return 1;
    default:
        return 1 + 2; /* getopt_long() has said what */
    }
}

int main(int argc, char **argv)
{
    struct lab_options options = {.http_auth = LAB_HTTP_BASIC | LAB_HTTP_NTLM};
    int c, stop;

    while ((c = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
        stop = take_option(c, &options);
        if (stop)
            return stop - 1;
    }
    if (optind + 1 != argc || strcmp(argv[optind], "serve") != 0)
        return refuse("the one thing to do is", "serve");
    if (!options.dir)
        return refuse("--dir is missing", "it says where the lab keeps its things");
    return lab_serve(&options);
}
