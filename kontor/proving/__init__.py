"""Whether what is stored is true: the log, the journal, the views, held against one another."""
