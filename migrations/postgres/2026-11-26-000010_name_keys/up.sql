-- Names are now searched with ϊ and ϋ decomposed, so that ΐ and its capitals are equal. `migrate` updates the keys
-- after the last file.
INSERT INTO installation (name, value) VALUES ('keys', 'due') ON CONFLICT (name) DO NOTHING;
