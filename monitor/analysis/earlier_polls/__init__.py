"""What was seen of a cluster before: offsets of earlier polls, thinned with age, in the rows of the newest poll."""
