-- Names are searched with ϊ and ϋ as a letter and its dots from now on, so that ΐ and its capitals are equal. As before,
-- `migrate` brings the columns up to date after the last file.
INSERT INTO installation (name, value) VALUES ('keys', 'due') ON CONFLICT (name) DO NOTHING;
