// Runs when Gradio's component is there: the page, which came with the first answer, moves into it.
// What a reader has typed, sorted and opened stays, and so do the focus and what of the page is seen.
const page = document.getElementById("mentor-page");
if (page) {
  const focused = document.activeElement;
  const place = window.scrollY;
  element.replaceChildren(page);
  if (focused && page.contains(focused)) focused.focus({ preventScroll: true });
  window.scrollTo({ top: place, behavior: "instant" });
  document.title = page.dataset.title;
}
