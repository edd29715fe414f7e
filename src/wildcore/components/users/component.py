"""Users, roles, sign-in, sessions and keys."""

from __future__ import annotations

from pathlib import Path

from wildcore.components.users import api, api_security, pages
from wildcore.kit import PUBLIC, Component, Page, Route, _
from wildcore.kit.permissions import USER_DISPLAY, USER_MANAGEMENT, USER_SELF, USER_SELF_CONTROL, USER_STRICT_IP

component = Component(
    key="users",
    title=_("Users"),
    description=_("People and programs, their roles, keys and sessions"),
    permissions=(USER_SELF, USER_DISPLAY, USER_SELF_CONTROL, USER_MANAGEMENT, USER_STRICT_IP),
    api=(
        Route("POST", "/auth", api.authenticate, PUBLIC),
        Route("GET", "/auth/oidc/callback", pages.sso_callback, PUBLIC),
        Route("DELETE|POST", "/logout", api.sign_out, USER_SELF),
        Route("GET", "/user/self", api.self_get, USER_SELF),
        Route("PUT", "/user/self", api.self_update, USER_SELF_CONTROL),
        Route("GET", "/user/self/sessions", api.self_sessions, USER_SELF),
        Route("DELETE", "/user/self/sessions", api.self_sessions_close, USER_SELF),
        Route("PUT", "/user/self/sessions/{key_id}", api.self_session_describe, USER_SELF_CONTROL),
        Route("DELETE", "/user/self/sessions/{key_id}", api.self_session_close, USER_SELF),
        Route("GET", "/user/self/twofa", api_security.self_twofa, USER_SELF),
        Route("POST", "/user/self/twofa", api_security.self_twofa_begin, USER_SELF_CONTROL),
        Route("POST", "/user/self/twofa/confirm", api_security.self_twofa_confirm, USER_SELF_CONTROL),
        Route("POST", "/user/self/twofa/recovery-codes", api_security.self_twofa_recovery_codes, USER_SELF_CONTROL),
        Route("DELETE|POST", "/user/self/twofa/disable", api_security.self_twofa_disable, USER_SELF_CONTROL),
        Route("POST", "/user/self/generate-auth-key", api.self_generate_key, USER_SELF_CONTROL),
        Route("GET", "/user", api.user_list, USER_DISPLAY),
        Route("POST", "/user", api.user_create, USER_MANAGEMENT),
        Route("GET", "/user/{user_id}", api.user_get, USER_DISPLAY),
        Route("PUT", "/user/{user_id}", api.user_update, USER_MANAGEMENT),
        Route("DELETE", "/user/{user_id}", api.user_delete, USER_MANAGEMENT),
        Route("POST", "/user/{user_id}/generate-auth-key", api.user_generate_key, USER_MANAGEMENT),
        Route("GET", "/user/{user_id}/sessions", api.user_sessions, USER_MANAGEMENT),
        Route("DELETE", "/user/{user_id}/sessions", api.user_sessions_close, USER_MANAGEMENT),
        Route("PUT", "/user/{user_id}/sessions/{key_id}", api.user_session_describe, USER_MANAGEMENT),
        Route("DELETE", "/user/{user_id}/sessions/{key_id}", api.user_session_close, USER_MANAGEMENT),
        Route("GET", "/user/{user_id}/twofa", api_security.user_twofa, USER_DISPLAY),
        Route("DELETE", "/user/{user_id}/twofa", api_security.user_twofa_disable, USER_MANAGEMENT),
        Route("GET", "/security/sign-in-failures", api_security.sign_in_failures, USER_MANAGEMENT),
        Route("DELETE", "/security/sign-in-failures", api_security.sign_in_failures_reset, USER_MANAGEMENT),
        Route("POST", "/security/rights-changed", api_security.rights_changed, USER_MANAGEMENT, reads=True),
        Route("GET", "/user-role", api.role_list, USER_DISPLAY),
        Route("POST", "/user-role", api.role_create, USER_MANAGEMENT),
        Route("GET", "/user-role/{role_id}", api.role_get, USER_DISPLAY),
        Route("PUT", "/user-role/{role_id}", api.role_update, USER_MANAGEMENT),
        Route("DELETE", "/user-role/{role_id}", api.role_delete, USER_MANAGEMENT),
        Route("GET", "/user-role-permissions", api.permission_list, USER_DISPLAY),
    ),
    pages=(
        Page("/sign-in", pages.sign_in_form, PUBLIC),
        Page("/sign-in", pages.sign_in, PUBLIC, methods="POST"),
        Page("/sign-in/code", pages.sign_in_code_form, PUBLIC),
        Page("/sign-in/code", pages.sign_in_code, PUBLIC, methods="POST"),
        Page("/sign-in/sso", pages.sso_start, PUBLIC),
        Page("/sign-out", pages.sign_out, USER_SELF, methods="POST"),
        Page("/account/language", pages.set_language, PUBLIC, methods="POST"),
    ),
    templates=str(Path(__file__).parent / "templates"),
)
