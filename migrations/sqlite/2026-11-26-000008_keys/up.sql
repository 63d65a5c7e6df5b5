-- User ids and email addresses are now compared with ς as σ, and names of workspaces by full case folding. SQL has no
-- case folding, so this marks the keys as outdated, and `migrate` updates them after the last file.
INSERT INTO installation (name, value) VALUES ('keys', 'due');
