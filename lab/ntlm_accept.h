/* SPDX-License-Identifier: MIT */
/*
 * The accepting side of NTLM, [MS-NLMP] 3.2. It takes what clients in the field send: curl's
 * NEGOTIATE of 32 bytes that asks for OEM strings, impacket's, python3-samba's, gss-ntlmssp's.
 * NTLMv2 only; the MIC is checked when the client says there is one; anonymous users are refused.
 */
#ifndef LAB_NTLM_ACCEPT_H
#define LAB_NTLM_ACCEPT_H

#include "base/wr.h"
#include "lab/org.h"

enum lab_ntlm_state { LAB_NTLM_FRESH, LAB_NTLM_CHALLENGED, LAB_NTLM_ACCEPTED, LAB_NTLM_REFUSED };

/* One exchange. All zero is ready to start; lab_ntlm_reset() makes it so again. */
struct lab_ntlm {
    enum lab_ntlm_state state;
    uint8_t *negotiate, *challenge; /* the messages, for the MIC */
    size_t negotiate_len, challenge_len;

    /* LAB_NTLM_ACCEPTED */
    const struct lab_user *user;
    uint32_t flags;          /* what was negotiated, [MS-NLMP] 2.2.2.5 */
    uint8_t session_key[16]; /* the exported one */
    bool bound;              /* the client sent a channel binding, and it is the right one */
};

/*
 * Takes the client's next message. LAB_NTLM_CHALLENGED: `out` has the CHALLENGE to send.
 * LAB_NTLM_REFUSED: wrong password, unknown user, damaged message. `host` is our own name.
 * `binding` is the tls-server-end-point hash (32 bytes), NULL where there is no channel to bind to;
 * as in a web server without Extended Protection a wrong or missing one is only noted, unless
 * `demand_binding`. (gss-ntlmssp's acceptor would take a missing one.)
 */
enum lab_ntlm_state lab_ntlm_accept(struct lab_ntlm *n, const struct lab_org *org, const char *host,
                                    const uint8_t *token, size_t size, const uint8_t *binding,
                                    bool demand_binding, struct om_wr *out);

void lab_ntlm_reset(struct lab_ntlm *n); /* wipes */

#endif
