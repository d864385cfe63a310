"""Feedback: a reviewer's judgement of each area of the rubric, every remark on a quoted line that was checked.

In the order of the data flow: `rubric` and `prompts` say what is asked, `packs` what a reviewer is shown, `llm` how a
model is asked and what it costs, `judge` what its answers are worth, `rules` the reviewer without a model, `reviews`
the TAs' word, `page` what a group reads.
"""
