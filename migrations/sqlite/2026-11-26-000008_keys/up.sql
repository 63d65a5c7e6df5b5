-- User ids and e-mail addresses are compared with ς as σ from now on, and the names of workspaces by full case folding.
-- SQL has no case folding: this notes that the columns are due, and `migrate` brings them up to date after the last file.
INSERT INTO installation (name, value) VALUES ('keys', 'due');
