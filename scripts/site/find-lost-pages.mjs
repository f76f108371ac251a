/** Every link of a navigation, however deep. */
const linksOf = (items) =>
  items.flatMap(({ link, items: inner = [] }) => [...(link ? [link] : []), ...linksOf(inner)]);

/**
 * What does not fit between the pages (`how-to/x.md`, relative to docs) and the navigation: `unlisted` pages that no way leads
 * to, `missing` links without a page, `twice` pages that stand in two places.
 */
export const findLostPages = (pages, navigation) => {
  const links = Object.values(navigation).flatMap(linksOf);
  const listed = new Set(links);
  const paths = new Set(pages.map((page) => `/${page.replace(/\.md$/, "")}`));
  return {
    unlisted: [...paths].filter((page) => !listed.has(page)),
    missing: [...listed].filter((link) => !paths.has(link)),
    twice: links.filter((link, index) => links.indexOf(link) !== index),
  };
};
