/**
 * The anchor of a heading, as GitHub makes it: what a link in the repository reaches, it reaches on the site too. (The
 * site's own rule puts `_` before a digit.) Headings that stand twice in a page get `-1`, `-2`.
 */
export const slug = (heading) =>
  heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, "")
    .replaceAll(" ", "-");
