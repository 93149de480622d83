/* SPDX-License-Identifier: MIT */
/* RopLogon: whose mailbox, on which server, and who may. [MS-OXCSTOR] 2.2.1.1, 3.2.5.1. */
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/filetime.h"
#include "lab/ec.h"
#include "lab/misbehave.h"
#include "lab/org.h"
#include "lab/rop_server.h"

/* Is there a rule of this kind that names the user? Several of one kind may stand side by side. */
static bool told(const struct lab_call *call, enum lab_misbehaviour kind, const struct lab_user *u)
{
    const struct lab_misbehave *m = call->misbehave;

    for (size_t i = 0; i < m->count; i++)
        if (m->rules[i].kind == kind && strcasecmp(m->rules[i].text, u->alias) == 0)
            return true;
    return false;
}

/* Where the mailbox really is: a moved one on the other server, whatever the address book still
 * says. */
static const struct lab_server *home_of(const struct lab_call *call, const struct lab_user *u)
{
    const struct lab_org *org = call->org;

    if (!told(call, LAB_MIS_MOVED, u))
        return u->server;
    for (size_t i = 0; i < org->server_count; i++)
        if (&org->servers[i] != u->server)
            return &org->servers[i];
    return u->server;
}

/* Notes a logon at the wrong server. False: there were too many of late. */
static bool note_wrong(struct lab_rop_session *s, uint64_t now)
{
    while (s->wrong_count && now - s->wrong[0] >= LAB_WRONG_WINDOW_MS) {
        s->wrong_count--;
        memmove(&s->wrong[0], &s->wrong[1], s->wrong_count * sizeof s->wrong[0]);
    }
    if (s->wrong_count == LAB_WRONG_TRIES)
        return false;
    s->wrong[s->wrong_count++] = now;
    return true;
}

/* [MS-OXCROPS] 2.2.3.1.4: the DN of the server to go to */
static uint32_t redirect(struct lab_rop_run *run, const struct lab_user *u,
                         const struct lab_server *home, const struct om__logon_req *req,
                         struct om__logon_rsp *rsp)
{
    if (!note_wrong(run->s, run->call->now_ms))
        return ecServerPaused;
    rsp->logon_flags = req->logon_flags;
    rsp->server_name = lab_org_home_dn(u, home, &run->a);
    return rsp->server_name ? ecWrongServer : ecServerMemory;
}

/* What the request itself says wrong. */
static uint32_t check_request(const struct lab_rop_run *run, const struct om__logon_req *req)
{
    const struct lab_fault_rule *rule =
        lab_misbehaves(run->call->misbehave, LAB_MIS_EC_LOGON, run->call->server->name, 6001);

    if (rule)
        return rule->number;
    if (!(req->open_flags & OM_OPEN_USE_PER_MDB_REPLID_MAPPING))
        return ecInvalidParam;
    /* No public folders here, as in most organisations that came to 2013 anew. */
    if (!(req->logon_flags & OM_LOGON_PRIVATE) || req->open_flags & OM_OPEN_PUBLIC)
        return ecNotFound;
    return ecSuccess;
}

/* The two ages have a code each for the same refusal. */
static uint32_t check_access(const struct lab_rop_run *run, const struct lab_user *mailbox,
                             const struct om__logon_req *req)
{
    const struct lab_user *who = run->s->user;

    if (req->open_flags & OM_OPEN_USE_ADMIN_PRIVILEGE && !who->full_access)
        return ecLoginPerm;
    if (lab_org_may_open(run->call->org, who, mailbox))
        return ecSuccess;
    return run->call->server->age >= 2013 ? ecAccessDenied : ecLoginPerm;
}

static struct om__logon_time logon_time(time_t now)
{
    struct tm tm = {0};

    gmtime_r(&now, &tm);
    return (struct om__logon_time){
        .seconds = (uint8_t)tm.tm_sec,
        .minutes = (uint8_t)tm.tm_min,
        .hour = (uint8_t)tm.tm_hour,
        .day_of_week = (uint8_t)tm.tm_wday,
        .day = (uint8_t)tm.tm_mday,
        .month = (uint8_t)(tm.tm_mon + 1),
        .year = (uint16_t)(tm.tm_year + 1900),
    };
}

static void fill_in(const struct lab_rop_run *run, const struct lab_object *logon,
                    const struct om__logon_req *req, struct om__logon_rsp *rsp)
{
    time_t now = time(NULL);

    rsp->logon_flags =
        req->logon_flags & (OM_LOGON_PRIVATE | OM_LOGON_UNDER_COVER | OM_LOGON_GHOSTED);
    for (int i = 0; i < OM_LOGON_FOLDERS; i++)
        rsp->folder_ids[i] = lab_wire_id(logon->box.special[i]);
    rsp->response_flags = OM_LOGON_RESPONSE_RESERVED;
    if (run->s->user == logon->owner)
        rsp->response_flags |= OM_LOGON_OWNER_RIGHT | OM_LOGON_SEND_AS_RIGHT;
    rsp->mailbox_guid = logon->box.guid;
    rsp->repl_id = 1;
    rsp->repl_guid = logon->box.replica;
    rsp->time = logon_time(now);
    rsp->gwart_time = om__filetime_from_unix(now, 0);
}

_Static_assert((int)LAB_SPECIAL_COUNT == (int)OM_LOGON_FOLDERS,
               "the store names the folders RopLogon tells of");

uint32_t lab_rop_logon(struct lab_rop_run *run, struct lab_object *in,
                       const struct om__rop_request *req, struct om__rop_response *rsp)
{
    const struct lab_user *u = lab_org_by_dn(run->call->org, req->logon.essdn);
    uint32_t ec = check_request(run, &req->logon);
    const struct lab_server *home;
    struct lab_object *logon;
    struct lab_mailbox box;

    (void)in;
    if (ec)
        return ec;
    if (!u || !u->server || told(run->call, LAB_MIS_NO_MAILBOX, u))
        return ecUnknownUser;
    home = home_of(run->call, u);
    if (home != run->call->server)
        return redirect(run, u, home, &req->logon, &rsp->logon);
    ec = check_access(run, u, &req->logon);
    if (ec)
        return ec;
    if (!lab_mailstore_mailbox(run->call->mail, u, &box))
        return ecJetError;
    logon = lab_rop_new_object(run, LAB_OBJECT_LOGON, NULL, req->out);
    if (!logon)
        return ecServerMemory;
    logon->owner = u;
    logon->box = box;
    fill_in(run, logon, &req->logon, &rsp->logon);
    return ecSuccess;
}
