/* SPDX-License-Identifier: MIT */
/*
 * The status of a fault PDU: the architecture's nca_* codes ([C706] appendix E) and the Win32 codes
 * Windows sends instead ([MS-RPCE] 2.2.2.8, [MS-ERREF] 2.2). The names are public,
 * onemapi/status.h.
 */
#ifndef OM_BASE_RPC_FAULT_H
#define OM_BASE_RPC_FAULT_H

#include <onemapi/error.h>

/* name, code on the wire, status, cause, meaning */
#define OM_RPC_FAULT_LIST(X)                                                                       \
    X(ERROR_ACCESS_DENIED, 0x00000005, MAPI_E_NO_ACCESS, ACCESS_DENIED,                            \
      "the server denies access to the call")                                                      \
    X(RPC_X_SS_CONTEXT_MISMATCH, 0x00000006, MAPI_E_END_OF_SESSION, FAULT,                         \
      "the server does not know the context handle")                                               \
    X(ERROR_NOT_ENOUGH_MEMORY, 0x00000008, MAPI_E_NOT_ENOUGH_RESOURCES, SERVER_ERROR,              \
      "the server is out of memory")                                                               \
    X(ERROR_OUTOFMEMORY, 0x0000000E, MAPI_E_NOT_ENOUGH_RESOURCES, SERVER_ERROR,                    \
      "the server is out of memory")                                                               \
    X(ERROR_INVALID_PARAMETER, 0x00000057, MAPI_E_CALL_FAILED, FAULT,                              \
      "the server refuses a parameter")                                                            \
    X(RPC_S_SERVER_OUT_OF_MEMORY, 0x0000046A, MAPI_E_NOT_ENOUGH_RESOURCES, SERVER_ERROR,           \
      "the server is out of memory")                                                               \
    X(RPC_S_UNKNOWN_IF, 0x000006B5, MAPI_E_NO_SUPPORT, FAULT,                                      \
      "the server does not serve the interface")                                                   \
    X(RPC_S_OUT_OF_RESOURCES, 0x000006B9, MAPI_E_NOT_ENOUGH_RESOURCES, SERVER_ERROR,               \
      "the server is out of resources")                                                            \
    X(RPC_S_SERVER_UNAVAILABLE, 0x000006BA, MAPI_E_NETWORK_ERROR, SERVER_ERROR,                    \
      "the RPC server is not available")                                                           \
    X(RPC_S_SERVER_TOO_BUSY, 0x000006BB, MAPI_E_BUSY, THROTTLED, "the RPC server is too busy")     \
    X(RPC_S_CALL_FAILED, 0x000006BE, MAPI_E_CALL_FAILED, FAULT, "the call failed")                 \
    X(RPC_S_CALL_FAILED_DNE, 0x000006BF, MAPI_E_CALL_FAILED, FAULT,                                \
      "the call failed and was not executed")                                                      \
    X(RPC_S_PROTOCOL_ERROR, 0x000006C0, MAPI_E_CALL_FAILED, FAULT,                                 \
      "the server sees a protocol error")                                                          \
    X(RPC_S_UNSUPPORTED_TRANS_SYN, 0x000006C2, MAPI_E_NO_SUPPORT, FAULT,                           \
      "the server does not take this transfer syntax")                                             \
    X(RPC_S_UNSUPPORTED_TYPE, 0x000006C4, MAPI_E_NO_SUPPORT, FAULT,                                \
      "the server does not know the object's type")                                                \
    X(RPC_S_INVALID_BOUND, 0x000006C6, MAPI_E_CALL_FAILED, FAULT,                                  \
      "the bounds of an array are not valid")                                                      \
    X(RPC_S_PROCNUM_OUT_OF_RANGE, 0x000006D1, MAPI_E_NO_SUPPORT, FAULT,                            \
      "the interface has no such call")                                                            \
    X(RPC_S_UNKNOWN_AUTHN_SERVICE, 0x000006D3, MAPI_E_LOGON_FAILED, AUTH_NOT_OFFERED,              \
      "the server does not know the authentication type")                                          \
    X(RPC_S_UNKNOWN_AUTHN_LEVEL, 0x000006D4, MAPI_E_LOGON_FAILED, AUTH_NOT_OFFERED,                \
      "the server does not take the authentication level")                                         \
    X(RPC_S_INVALID_AUTH_IDENTITY, 0x000006D5, MAPI_E_LOGON_FAILED, BAD_CREDENTIALS,               \
      "the server cannot use the identity")                                                        \
    X(EPT_S_CANT_PERFORM_OP, 0x000006D8, MAPI_E_NETWORK_ERROR, SERVER_ERROR,                       \
      "the endpoint mapper could not do it")                                                       \
    X(EPT_S_NOT_REGISTERED, 0x000006D9, MAPI_E_NETWORK_ERROR, NOT_REGISTERED,                      \
      "the endpoint mapper has no more endpoints")                                                 \
    X(RPC_S_CANNOT_SUPPORT, 0x000006E4, MAPI_E_NO_SUPPORT, FAULT,                                  \
      "the server does not support the operation")                                                 \
    X(RPC_S_INTERNAL_ERROR, 0x000006E6, MAPI_E_CALL_FAILED, SERVER_ERROR,                          \
      "an internal error of the server's RPC")                                                     \
    X(RPC_X_SS_IN_NULL_CONTEXT, 0x000006EF, MAPI_E_END_OF_SESSION, FAULT,                          \
      "the context handle is NULL")                                                                \
    X(RPC_X_SS_CONTEXT_DAMAGED, 0x000006F1, MAPI_E_END_OF_SESSION, FAULT,                          \
      "the context handle changed during the call")                                                \
    X(RPC_X_NULL_REF_POINTER, 0x000006F4, MAPI_E_CALL_FAILED, FAULT,                               \
      "a pointer that must not be NULL is")                                                        \
    X(RPC_X_BYTE_COUNT_TOO_SMALL, 0x000006F6, MAPI_E_CALL_FAILED, FAULT,                           \
      "a count of bytes is too small")                                                             \
    X(RPC_X_BAD_STUB_DATA, 0x000006F7, MAPI_E_CALL_FAILED, FAULT,                                  \
      "the server could not read the stub, or a size in it is over a limit")                       \
    X(RPC_S_CALL_CANCELLED, 0x0000071A, MAPI_E_USER_CANCEL, CANCELLED, "the call was cancelled")   \
    X(RPC_S_COMM_FAILURE, 0x0000071C, MAPI_E_NETWORK_ERROR, SERVER_ERROR,                          \
      "a communication failure behind the server")                                                 \
    X(RPC_S_SEC_PKG_ERROR, 0x00000721, MAPI_E_LOGON_FAILED, AUTH_FAILED,                           \
      "the server's security package refuses the PDU: a signature or sequence it did not expect")  \
    X(nca_s_fault_int_div_by_zero, 0x1C000001, MAPI_E_CALL_FAILED, FAULT,                          \
      "the server divided by zero")                                                                \
    X(nca_s_fault_addr_error, 0x1C000002, MAPI_E_CALL_FAILED, FAULT,                               \
      "an address error in the server")                                                            \
    X(nca_s_fault_fp_div_zero, 0x1C000003, MAPI_E_CALL_FAILED, FAULT,                              \
      "the server divided by zero")                                                                \
    X(nca_s_fault_invalid_tag, 0x1C000006, MAPI_E_CALL_FAILED, FAULT,                              \
      "a union's tag is not valid")                                                                \
    X(nca_s_fault_invalid_bound, 0x1C000007, MAPI_E_CALL_FAILED, FAULT,                            \
      "the bounds of an array are not valid")                                                      \
    X(nca_s_rpc_version_mismatch, 0x1C000008, MAPI_E_VERSION, FAULT,                               \
      "the server speaks another version of RPC")                                                  \
    X(nca_s_unspec_reject, 0x1C000009, MAPI_E_CALL_FAILED, FAULT,                                  \
      "the server rejects the call and does not say why")                                          \
    X(nca_s_manager_not_entered, 0x1C00000C, MAPI_E_CALL_FAILED, FAULT,                            \
      "the call did not reach the server's code")                                                  \
    X(nca_s_fault_cancel, 0x1C00000D, MAPI_E_USER_CANCEL, CANCELLED, "the call was cancelled")     \
    X(nca_s_fault_ill_inst, 0x1C00000E, MAPI_E_CALL_FAILED, FAULT,                                 \
      "an illegal instruction in the server")                                                      \
    X(nca_s_fault_unspec, 0x1C000012, MAPI_E_CALL_FAILED, FAULT,                                   \
      "the server failed and does not say why")                                                    \
    X(nca_s_fault_remote_comm_failure, 0x1C000013, MAPI_E_NETWORK_ERROR, SERVER_ERROR,             \
      "a communication failure behind the server")                                                 \
    X(nca_s_fault_context_mismatch, 0x1C00001A, MAPI_E_END_OF_SESSION, FAULT,                      \
      "the server does not know the context handle")                                               \
    X(nca_s_fault_remote_no_memory, 0x1C00001B, MAPI_E_NOT_ENOUGH_RESOURCES, SERVER_ERROR,         \
      "the server is out of memory")                                                               \
    X(nca_s_invalid_pres_context_id, 0x1C00001C, MAPI_E_CALL_FAILED, FAULT,                        \
      "the presentation context is not bound")                                                     \
    X(nca_s_unsupported_authn_level, 0x1C00001D, MAPI_E_LOGON_FAILED, AUTH_NOT_OFFERED,            \
      "the server does not take the authentication level")                                         \
    X(nca_s_invalid_checksum, 0x1C00001F, MAPI_E_LOGON_FAILED, AUTH_FAILED,                        \
      "the server finds the checksum wrong")                                                       \
    X(nca_s_fault_user_defined, 0x1C000021, MAPI_E_CALL_FAILED, FAULT,                             \
      "the server raised an exception of its own")                                                 \
    X(nca_s_fault_object_not_found, 0x1C000024, MAPI_E_CALL_FAILED, FAULT,                         \
      "the server does not know the object")                                                       \
    X(nca_s_comm_failure, 0x1C010001, MAPI_E_NETWORK_ERROR, SERVER_ERROR,                          \
      "a communication failure behind the server")                                                 \
    X(nca_s_op_rng_error, 0x1C010002, MAPI_E_NO_SUPPORT, FAULT, "the interface has no such call")  \
    X(nca_s_unk_if, 0x1C010003, MAPI_E_NO_SUPPORT, FAULT,                                          \
      "the server does not serve the interface")                                                   \
    X(nca_s_you_crashed, 0x1C010009, MAPI_E_END_OF_SESSION, FAULT, "the server was restarted")     \
    X(nca_s_proto_error, 0x1C01000B, MAPI_E_CALL_FAILED, FAULT,                                    \
      "the server sees a protocol error")                                                          \
    X(nca_s_out_args_too_big, 0x1C010013, MAPI_E_TOO_BIG, FAULT, "the answer would be too big")    \
    X(nca_s_server_too_busy, 0x1C010014, MAPI_E_BUSY, THROTTLED, "the RPC server is too busy")     \
    X(nca_s_unsupported_type, 0x1C010017, MAPI_E_NO_SUPPORT, FAULT,                                \
      "the server does not know the object's type")

/* Those the code names */
enum {
    OM_FAULT_ACCESS_DENIED = 0x00000005,
    OM_FAULT_BAD_STUB_DATA = 0x000006F7,
    OM_FAULT_SEC_PKG_ERROR = 0x00000721,
    OM_FAULT_CONTEXT_MISMATCH = 0x1C00001A,
    OM_FAULT_OP_RANGE = 0x1C010002,
    OM_FAULT_UNKNOWN_INTERFACE = 0x1C010003,
    OM_FAULT_PROTOCOL = 0x1C01000B,
};

struct om__rpc_fault_info {
    uint32_t code;
    om_status status;
    enum om_cause cause;
    const char *name, *text;
};

/* The row of a fault's status, or NULL. */
const struct om__rpc_fault_info *om__rpc_fault_find(uint32_t code);

/*
 * Records a fault as the wire gave it: layer rpc, native the code, the detail its name and meaning.
 * A code not in the list is MAPI_E_CALL_FAILED, OM_CAUSE_FAULT. Gives the status; never OM_OK.
 */
om_status om__fail_rpc_fault(struct om_error *err, uint32_t code);

#endif
