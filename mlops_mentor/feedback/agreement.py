"""Agreement of reviewer and TAs: the table `feedback_agreement`, and a picture of it.

Belongs here: the pairs, the measures and their formulas. A TA's score is compared with the score that the reviewer
gives now, and not with the one that stood there when the TA wrote: what is asked is how far the present reviewer, with
its present model and prompts, can be relied on. Of several TAs' scores the newest counts, as everywhere. A TA has seen
the machine's score, so agreement is rather too high than too low.
"""

import io
from collections.abc import Mapping, Sequence

import polars as pl
from PIL import Image, ImageDraw, ImageFont

from mlops_mentor.feedback.reviews import effective
from mlops_mentor.feedback.rubric import Rubric
from mlops_mentor.schemas import FEEDBACK_AGREEMENT

ALL_AREAS = "all"
_PAIRS = pl.Schema(
    {
        "group_id": pl.String,
        "reviewer": pl.String,
        "model": pl.String,
        "area": pl.String,
        "machine": pl.Int64,
        "ta": pl.Int64,
    }
)
# States in which the score is of the reviewer that the row names and of what is in the repository.
_COMPARED = ("reviewed", "needs_review", "stand_in")
# Pale to dark on a ground of its own: readable in light and in dark surroundings, and by the colour-blind.
_GROUND, _INK, _FAINT = (250, 250, 247), (40, 40, 40), (130, 130, 130)
_SHADES = ((235, 237, 240), (253, 216, 146), (247, 158, 82), (214, 86, 52), (131, 30, 30))
_CELL, _EDGE, _TOP = 26, 46, 40


def pairs_frame(feedback: pl.DataFrame, reviews: pl.DataFrame, rubric: Rubric) -> pl.DataFrame:
    """A row for each group and area that both have given a score: group_id, reviewer, model, area, machine, ta.

    `feedback` is the table over all groups, `reviews` the table of that name; `model` is empty for rules. Scores
    outside the rubric's scale (of an earlier rubric) are left out.
    """
    rows = []
    known = {area.id for area in rubric.areas}
    scale = range(rubric.scale.least, rubric.scale.most + 1)
    scored = feedback.filter(pl.col("score").is_not_null() & pl.col("state").is_in(_COMPARED))
    for row in scored.sort("group_id", "area").iter_rows(named=True):
        ta = effective(reviews, row["group_id"], row["area"]).score
        if row["area"] not in known or ta not in scale or row["score"] not in scale:
            continue
        model = (row["model"] or "") if row["reviewer"] == "model" else ""
        rows.append((row["group_id"], row["reviewer"], model, row["area"], row["score"], ta))
    return pl.DataFrame(rows, schema=_PAIRS, orient="row")


def agreement_frame(feedback: pl.DataFrame, reviews: pl.DataFrame, rubric: Rubric) -> pl.DataFrame:
    """The table `feedback_agreement`: a row a reviewer, model and area, and one over all areas."""
    pairs = pairs_frame(feedback, reviews, rubric)
    rows = []
    for (reviewer, model), mine in pairs.group_by(["reviewer", "model"], maintain_order=True):
        for area in (*(area.id for area in rubric.areas), ALL_AREAS):
            of_area = mine if area == ALL_AREAS else mine.filter(area=area)
            if of_area.height:
                rows.append({"reviewer": reviewer, "model": model, "area": area} | _measures(of_area))
    return pl.DataFrame(rows, schema=FEEDBACK_AGREEMENT.schema).sort("reviewer", "model", maintain_order=True)


def quadratic_weighted_kappa(pairs: Sequence[tuple[int, int]]) -> float | None:
    """Cohen's kappa with weights (i - j)^2 / (most - least)^2 of the scale: 1 - sum(w O) / sum(w E).

    O are the shares of pairs (i, j), E the products of the shares of i and of j. None where it is not defined: without
    pairs, and where both sides gave one and the same score throughout.
    """
    firsts, seconds = [first for first, _ in pairs], [second for _, second in pairs]
    # (most - least)^2 stands above and below and is left out. In whole numbers, so that the bounds hold exactly.
    observed = sum((first - second) ** 2 for first, second in pairs)
    expected = sum((first - second) ** 2 for first in firsts for second in seconds)
    return 1 - observed * len(pairs) / expected if expected else None


def agreement_plot(pairs: pl.DataFrame, rubric: Rubric) -> bytes:
    """A PNG of `pairs_frame`: for each area a grid, the TA's score to the right, the reviewer's upwards, counts in it.

    A reviewer that always agrees fills the diagonal alone; above it the reviewer is milder.
    """
    scale = range(rubric.scale.least, rubric.scale.most + 1)
    width = _EDGE + _CELL * len(scale) + 12
    height = _TOP + _CELL * len(scale) + 40
    image = Image.new("RGB", (width * len(rubric.areas), height), _GROUND)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(11)
    for place, area in enumerate(rubric.areas):
        counts = _counts(pairs.filter(area=area.id))
        _grid(draw, font, place * width, f"{area.title} ({sum(counts.values())})", counts, scale)
    buffer = io.BytesIO()
    image.quantize(32).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _measures(pairs: pl.DataFrame) -> dict[str, float | None]:
    scores = list(pairs.select("machine", "ta").iter_rows())
    apart = [machine - ta for machine, ta in scores]
    return {
        "num_scores": len(scores),
        "share_exact": sum(each == 0 for each in apart) / len(apart),
        "share_within_one": sum(abs(each) <= 1 for each in apart) / len(apart),
        "qwk": quadratic_weighted_kappa(scores),
        "leniency": sum(apart) / len(apart),
    }


def _counts(pairs: pl.DataFrame) -> Mapping[tuple[int, int], int]:
    return {(machine, ta): number for machine, ta, number in pairs.group_by("machine", "ta").len().iter_rows()}


def _grid(
    draw: ImageDraw.ImageDraw,
    font: ImageFont.ImageFont | ImageFont.FreeTypeFont,
    left: int,
    title: str,
    counts: Mapping[tuple[int, int], int],
    scale: range,
) -> None:
    highest = max(counts.values(), default=1)
    bottom = _TOP + _CELL * len(scale)
    draw.text((left + _EDGE, 14), title, fill=_INK, font=font)
    draw.text((left + 6, 28), "reviewer", fill=_FAINT, font=font)
    draw.text((left + _EDGE, bottom + 20), "teaching assistant", fill=_FAINT, font=font)
    for step, score in enumerate(scale):
        middle = step * _CELL + _CELL // 2
        draw.text((left + _EDGE + middle, bottom + 9), str(score), fill=_INK, font=font, anchor="mm")
        draw.text((left + _EDGE - 10, bottom - middle), str(score), fill=_INK, font=font, anchor="mm")
    for row, machine in enumerate(scale):
        for column, ta in enumerate(scale):
            number = counts.get((machine, ta), 0)
            shade = 0 if not number else 1 + (number - 1) * (len(_SHADES) - 1) // highest
            x, y = left + _EDGE + column * _CELL, bottom - (row + 1) * _CELL
            # The diagonal is framed: there both agree.
            edge = _INK if machine == ta else _GROUND
            draw.rectangle((x + 1, y + 1, x + _CELL - 2, y + _CELL - 2), fill=_SHADES[shade], outline=edge)
            if number:
                ink = _GROUND if shade >= 3 else _INK
                middle_of = (x + _CELL // 2, y + _CELL // 2)
                draw.text(middle_of, str(number), fill=ink, font=font, anchor="mm")
