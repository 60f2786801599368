"""The filter language: conditions on the columns of a row set, for the command line, URLs, the API and alert rules."""
