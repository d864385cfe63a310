"""The judge: a model's answer about one area, validated, its citations checked, its score held against the evidence."""
