"""What those who did not answer could do to an estimate, and what the data say about them.

Belongs here: estimates under declared departures from "alike within a class", proxies from the frame, how
representative the response is. Does not belong here: weights as they are published (`weighting`), their variance
(`design`), tables and sentences.
"""
