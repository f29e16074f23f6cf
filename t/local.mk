# The tests of t/unit: C programs that print TAP, and one script.

check_PROGRAMS = \
	t/unit/address.t \
	t/unit/accept.t \
	t/unit/answer.t \
	t/unit/arena.t \
	t/unit/backoff.t \
	t/unit/batch.t \
	t/unit/buf.t \
	t/unit/child.t \
	t/unit/clock.t \
	t/unit/config.t \
	t/unit/conn.t \
	t/unit/cors.t \
	t/unit/credentials.t \
	t/unit/crypto.t \
	t/unit/cursor.t \
	t/unit/doc.t \
	t/unit/endpoint.t \
	t/unit/element.t \
	t/unit/etag.t \
	t/unit/fcgi_frame.t \
	t/unit/fcgi_open.t \
	t/unit/frames.t \
	t/unit/gate.t \
	t/unit/generations.t \
	t/unit/json.t \
	t/unit/hold.t \
	t/unit/hub.t \
	t/unit/hub_crowd.t \
	t/unit/ini.t \
	t/unit/look.t \
	t/unit/notices.t \
	t/unit/outq.t \
	t/unit/page.t \
	t/unit/params.t \
	t/unit/patrol.t \
	t/unit/places.t \
	t/unit/prefer.t \
	t/unit/principal.t \
	t/unit/profile.t \
	t/unit/provider.t \
	t/unit/queue.t \
	t/unit/refresh.t \
	t/unit/render.t \
	t/unit/request.t \
	t/unit/response.t \
	t/unit/route.t \
	t/unit/secret.t \
	t/unit/secure_link.t \
	t/unit/seldom.t \
	t/unit/serve.t \
	t/unit/signer.t \
	t/unit/sigv4.t \
	t/unit/stores.t \
	t/unit/stream.t \
	t/unit/text.t \
	t/unit/ticket.t \
	t/unit/timers.t \
	t/unit/traffic.t \
	t/unit/ulid.t \
	t/unit/verdict.t \
	t/unit/window.t

check_LIBRARIES = t/unit/libtap.a
t_unit_libtap_a_SOURCES = \
	t/unit/backend.c t/unit/backend.h \
	t/unit/crowd.c t/unit/crowd.h \
	t/unit/naughty.c t/unit/naughty.h \
	t/unit/records.c t/unit/records.h \
	t/unit/tap.c t/unit/tap.h

unit_ldadd = t/unit/libtap.a src/libjobtail.a $(LDADD)
t_unit_address_t_SOURCES = t/unit/address.c
t_unit_address_t_LDADD = $(unit_ldadd)
t_unit_accept_t_SOURCES = t/unit/accept.c
t_unit_accept_t_LDADD = $(unit_ldadd)
t_unit_answer_t_SOURCES = t/unit/answer.c
t_unit_answer_t_LDADD = $(unit_ldadd)
t_unit_arena_t_SOURCES = t/unit/arena.c
t_unit_arena_t_LDADD = $(unit_ldadd)
t_unit_backoff_t_SOURCES = t/unit/backoff.c
t_unit_backoff_t_LDADD = $(unit_ldadd)
t_unit_batch_t_SOURCES = t/unit/batch.c
t_unit_batch_t_LDADD = $(unit_ldadd)
t_unit_buf_t_SOURCES = t/unit/buf.c
t_unit_buf_t_LDADD = $(unit_ldadd)
t_unit_child_t_SOURCES = t/unit/child.c
t_unit_child_t_LDADD = $(unit_ldadd)
t_unit_clock_t_SOURCES = t/unit/clock.c
t_unit_clock_t_LDADD = $(unit_ldadd)
t_unit_config_t_SOURCES = t/unit/config.c
t_unit_config_t_LDADD = $(unit_ldadd)
t_unit_conn_t_SOURCES = t/unit/conn.c
t_unit_conn_t_LDADD = $(unit_ldadd)
t_unit_cors_t_SOURCES = t/unit/cors.c
t_unit_cors_t_LDADD = $(unit_ldadd)
t_unit_credentials_t_SOURCES = t/unit/credentials.c
t_unit_credentials_t_LDADD = $(unit_ldadd)
t_unit_crypto_t_SOURCES = t/unit/crypto.c
t_unit_crypto_t_LDADD = $(unit_ldadd)
t_unit_cursor_t_SOURCES = t/unit/cursor.c
t_unit_cursor_t_LDADD = $(unit_ldadd)
t_unit_doc_t_SOURCES = t/unit/doc.c
t_unit_doc_t_LDADD = $(unit_ldadd)
t_unit_endpoint_t_SOURCES = t/unit/endpoint.c
t_unit_endpoint_t_LDADD = $(unit_ldadd)
t_unit_element_t_SOURCES = t/unit/element.c
t_unit_element_t_LDADD = $(unit_ldadd)
t_unit_etag_t_SOURCES = t/unit/etag.c
t_unit_etag_t_LDADD = $(unit_ldadd)
t_unit_fcgi_frame_t_SOURCES = t/unit/fcgi_frame.c
t_unit_fcgi_frame_t_LDADD = $(unit_ldadd)
t_unit_fcgi_open_t_SOURCES = t/unit/fcgi_open.c
t_unit_fcgi_open_t_LDADD = $(unit_ldadd)
t_unit_frames_t_SOURCES = t/unit/frames.c
t_unit_frames_t_LDADD = $(unit_ldadd)
t_unit_gate_t_SOURCES = t/unit/gate.c
t_unit_gate_t_LDADD = $(unit_ldadd)
t_unit_generations_t_SOURCES = t/unit/generations.c
t_unit_generations_t_LDADD = $(unit_ldadd)
t_unit_json_t_SOURCES = t/unit/json.c
t_unit_json_t_LDADD = $(unit_ldadd)
t_unit_hold_t_SOURCES = t/unit/hold.c
t_unit_hold_t_LDADD = $(unit_ldadd)
t_unit_hub_t_SOURCES = t/unit/hub.c
t_unit_hub_t_LDADD = $(unit_ldadd)
t_unit_hub_crowd_t_SOURCES = t/unit/hub_crowd.c
t_unit_hub_crowd_t_LDADD = $(unit_ldadd)
t_unit_ini_t_SOURCES = t/unit/ini.c
t_unit_ini_t_LDADD = $(unit_ldadd)
t_unit_look_t_SOURCES = t/unit/look.c
t_unit_look_t_LDADD = $(unit_ldadd)
t_unit_notices_t_SOURCES = t/unit/notices.c
t_unit_notices_t_LDADD = $(unit_ldadd)
t_unit_outq_t_SOURCES = t/unit/outq.c
t_unit_outq_t_LDADD = $(unit_ldadd)
t_unit_page_t_SOURCES = t/unit/page.c
t_unit_page_t_LDADD = $(unit_ldadd)
t_unit_params_t_SOURCES = t/unit/params.c
t_unit_params_t_LDADD = $(unit_ldadd)
t_unit_patrol_t_SOURCES = t/unit/patrol.c
t_unit_patrol_t_LDADD = $(unit_ldadd)
t_unit_places_t_SOURCES = t/unit/places.c
t_unit_places_t_LDADD = $(unit_ldadd)
t_unit_prefer_t_SOURCES = t/unit/prefer.c
t_unit_prefer_t_LDADD = $(unit_ldadd)
t_unit_principal_t_SOURCES = t/unit/principal.c
t_unit_principal_t_LDADD = $(unit_ldadd)
t_unit_profile_t_SOURCES = t/unit/profile.c
t_unit_profile_t_LDADD = $(unit_ldadd)
t_unit_provider_t_SOURCES = t/unit/provider.c
t_unit_provider_t_LDADD = $(unit_ldadd)
t_unit_queue_t_SOURCES = t/unit/queue.c
t_unit_queue_t_LDADD = $(unit_ldadd)
t_unit_refresh_t_SOURCES = t/unit/refresh.c
t_unit_refresh_t_LDADD = $(unit_ldadd)
t_unit_render_t_SOURCES = t/unit/render.c
t_unit_render_t_LDADD = $(unit_ldadd)
t_unit_request_t_SOURCES = t/unit/request.c
t_unit_request_t_LDADD = $(unit_ldadd)
t_unit_response_t_SOURCES = t/unit/response.c
t_unit_response_t_LDADD = $(unit_ldadd)
t_unit_route_t_SOURCES = t/unit/route.c
t_unit_route_t_LDADD = $(unit_ldadd)
t_unit_secret_t_SOURCES = t/unit/secret.c
t_unit_secret_t_LDADD = $(unit_ldadd)
t_unit_secure_link_t_SOURCES = t/unit/secure_link.c
t_unit_secure_link_t_LDADD = $(unit_ldadd)
t_unit_seldom_t_SOURCES = t/unit/seldom.c
t_unit_seldom_t_LDADD = $(unit_ldadd)
t_unit_serve_t_SOURCES = t/unit/serve.c
t_unit_serve_t_LDADD = $(unit_ldadd)
t_unit_signer_t_SOURCES = t/unit/signer.c
t_unit_signer_t_LDADD = $(unit_ldadd)
t_unit_sigv4_t_SOURCES = t/unit/sigv4.c
t_unit_sigv4_t_LDADD = $(unit_ldadd)
t_unit_stores_t_SOURCES = t/unit/stores.c
t_unit_stores_t_LDADD = $(unit_ldadd)
t_unit_stream_t_SOURCES = t/unit/stream.c
t_unit_stream_t_LDADD = $(unit_ldadd)
t_unit_text_t_SOURCES = t/unit/text.c
t_unit_text_t_LDADD = $(unit_ldadd)
t_unit_ticket_t_SOURCES = t/unit/ticket.c
t_unit_ticket_t_LDADD = $(unit_ldadd)
t_unit_timers_t_SOURCES = t/unit/timers.c
t_unit_timers_t_LDADD = $(unit_ldadd)
t_unit_traffic_t_SOURCES = t/unit/traffic.c
t_unit_traffic_t_LDADD = $(unit_ldadd)
t_unit_ulid_t_SOURCES = t/unit/ulid.c
t_unit_ulid_t_LDADD = $(unit_ldadd)
t_unit_verdict_t_SOURCES = t/unit/verdict.c
t_unit_verdict_t_LDADD = $(unit_ldadd)
t_unit_window_t_SOURCES = t/unit/window.c
t_unit_window_t_LDADD = $(unit_ldadd)

# What botocore.t asks for our URLs.
EXTRA_PROGRAMS += t/unit/presign
CLEANFILES += t/unit/presign
t_unit_presign_SOURCES = t/unit/presign.c
t_unit_presign_LDADD = $(unit_ldadd)
tests check-local: t/unit/presign

tests_fast += $(srcdir)/t/unit/botocore.t
EXTRA_DIST += t/unit/botocore.t
