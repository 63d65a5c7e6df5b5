DROP TABLE security_events;
DROP TABLE known_networks;
DROP TABLE password_attempts;
DROP TABLE session_tokens;
DROP TABLE sessions;
