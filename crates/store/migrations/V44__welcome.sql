-- What the sign-in page says first on the way to an app, or to the apps of an org: JSON, the words by the tags of their languages.
ALTER TABLE brandings ADD COLUMN welcome TEXT;
