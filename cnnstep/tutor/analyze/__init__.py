"""`analyze`: why a scenario will learn, or won't, as a document and as plain data."""
