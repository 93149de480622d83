/* SPDX-License-Identifier: MIT */
/*
 * What the lab does wrong on demand: `--misbehave KIND[=ARG][@WHERE]`, repeatable. WHERE is a
 * server's name ("ex2013"), a port as the protocol names it ("6004"), or both ("ex2013:6004");
 * without it the kind holds everywhere. A misbehaviour is a row here and one question where it
 * happens; nothing else.
 */
#ifndef LAB_MISBEHAVE_H
#define LAB_MISBEHAVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* id, option name, what ARG is ("" when there is none), meaning */
#define LAB_MISBEHAVE_LIST(X)                                                                      \
    /* TCP and TLS */                                                                              \
    X(SILENT, "silent", "", "accepts connections and says nothing")                                \
    X(CLOSE, "close", "", "closes connections as soon as they are accepted")                       \
    X(CUT, "cut", "BYTES", "closes a connection when it has sent so many bytes")                   \
    X(TRICKLE, "trickle", "BYTES", "sends at most so many bytes at once")                          \
    X(CERT_EXPIRED, "cert-expired", "", "shows a certificate that expired yesterday")              \
    X(CERT_WRONG_HOST, "cert-wrong-host", "", "shows a certificate for another name")              \
    X(CERT_SELF_SIGNED, "cert-self-signed", "", "shows a certificate nobody vouches for")          \
    /* HTTP */                                                                                     \
    X(HTTP_STATUS, "http-status", "STATUS", "answers every request with this status")              \
    X(HTTP_LOOP, "http-401", "", "answers 401 to everybody, the right password included")          \
    X(HTTP_READ_BODY, "http-read-body", "", "reads the whole declared body before a 401")          \
    X(HTTP_NEGOTIATE, "http-negotiate-only", "",                                                   \
      "knows no name but Negotiate, yet takes raw NTLM")                                           \
    X(HTTP_RENAME, "http-ntlm-as-negotiate", "", "answers NTLM's first token as Negotiate, once")  \
    X(HTTP_CLOSE_401, "http-close-401", "", "closes the connection after each 401")                \
    X(HTTP_GARBAGE, "http-garbage", "", "answers with what is no HTTP")                            \
    X(HTTP_EPA, "http-epa", "", "demands a channel binding (Extended Protection)")                 \
    X(PROXY_ERROR, "proxy-error", "HEX", "answers the channels with 503 RPC Error: HEX")           \
    /* RPC over HTTP */                                                                            \
    X(RTS_NO_A3, "rts-no-a3", "", "never sends CONN/A3")                                           \
    X(RTS_NO_C2, "rts-no-c2", "", "never sends CONN/C2")                                           \
    X(RTS_NO_ACK, "rts-no-ack", "", "never acknowledges what it received")                         \
    X(RTS_BAD, "rts-bad", "", "sends CONN/C2 with a command that does not exist")                  \
    /* RPC: N counts the server's PDUs on an association, from 1 (the bind's answer) */            \
    X(RPC_SILENT, "rpc-silent", "N", "sends nothing from its Nth PDU on")                          \
    X(RPC_CLOSE, "rpc-close", "N", "closes instead of sending its Nth PDU")                        \
    X(RPC_FRAG_LENGTH, "rpc-frag-length", "N", "lies about the length of its Nth PDU")             \
    X(RPC_CALL_ID, "rpc-call-id", "N", "gives its Nth PDU a call id nobody used")                  \
    X(RPC_SIGNATURE, "rpc-signature", "N", "flips the last byte of its Nth PDU")                   \
    X(RPC_TYPE, "rpc-type", "N", "sends its Nth PDU as a request")                                 \
    X(RPC_GARBAGE, "rpc-garbage", "N", "sends noise instead of its Nth PDU")                       \
    X(RPC_FAULT, "rpc-fault", "HEX", "answers every call with this fault")                         \
    X(RPC_BIND_NAK, "rpc-bind-nak", "REASON", "refuses every bind")                                \
    /* AT counts from 0, over the stubs of all answers on an association */                        \
    X(STUB_HUGE, "stub-huge", "AT",                                                                \
      "sets four bytes of its answers' stubs to FF, from byte AT on")                              \
    X(STUB_SHORT, "stub-short", "AT", "ends a stub at byte AT of its answers' stubs")              \
    /* NSPI, RFR, EMSMDB and ROPs; an alias names whose mailbox */                                 \
    X(NSPI_BIND, "nspi-bind", "HEX", "NspiBind answers this code")                                 \
    X(NSPI_ALIAS, "nspi-alias-is-address", "", "has addresses for aliases, and knows no \"=\"")    \
    X(UNREGISTERED, "unregistered", "N",                                                           \
      "the endpoint mapper does not know the service of 6001, 6002, 6004")                         \
    X(RFR_DSA, "rfr-dsa", "TEXT", "RfrGetNewDSA refers to this server's address book")             \
    X(EC_RFR, "ec-rfr", "HEX", "both referral calls answer this code")                             \
    X(EC_CONNECT, "ec-connect", "HEX", "EcDoConnectEx answers this code")                          \
    X(EC_RPC, "ec-rpc", "HEX", "EcDoRpcExt2 answers this code")                                    \
    X(EC_LOGON, "ec-logon", "HEX", "RopLogon answers this code")                                   \
    X(CLIENT_BLOCKED, "client-blocked", "TEXT", "refuses clients older than this version")         \
    X(MOVED, "moved", "TEXT", "this alias's mailbox went to the other server; the GAL lags")       \
    X(NO_MAILBOX, "no-mailbox", "TEXT", "this alias has an entry in the GAL but no mailbox")       \
    X(ROP_GARBAGE, "rop-garbage", "", "answers EcDoRpcExt2 with bytes that are no ROPs")           \
    X(ROP_SHORT, "rop-short", "", "leaves the last ROP's answer out")

#define LAB_MISBEHAVE_ENUM_(id, name, arg, text) LAB_MIS_##id,
enum lab_misbehaviour { LAB_MISBEHAVE_LIST(LAB_MISBEHAVE_ENUM_) LAB_MIS_COUNT_ };
#undef LAB_MISBEHAVE_ENUM_

#define LAB_MISBEHAVE_MAX 32

struct lab_fault_rule {
    enum lab_misbehaviour kind;
    char text[64];   /* ARG as it was written; "" when there was none */
    uint32_t number; /* ARG as a number: decimal, or hexadecimal with 0x or for a HEX kind */
    char server[32]; /* "" for all */
    uint16_t port;   /* 0 for all */
};

struct lab_misbehave {
    struct lab_fault_rule rules[LAB_MISBEHAVE_MAX];
    size_t count;
};

/* Takes one option's text. False: not understood; `why` (at least 128 bytes) says what. */
bool lab_misbehave_add(struct lab_misbehave *m, const char *option, char *why, size_t why_size);

/*
 * The rule of this kind that holds at server and port, or NULL: then behave. The port is the
 * protocol's (443, 135, 6001, 6002, 6004); 0 when it does not matter here, and then a rule for a
 * port does not hold.
 */
const struct lab_fault_rule *lab_misbehaves(const struct lab_misbehave *m,
                                            enum lab_misbehaviour kind, const char *server,
                                            uint16_t port);

/* The table as help text, one line a kind. */
void lab_misbehave_help(char *out, size_t size);

#endif
