(async () => {
  if (!("DecompressionStream" in window)) {
    const told = document.getElementById("about");
    if (told) told.textContent = "This page needs a newer browser, one of 2023 or later.";
    return;
  }
  /** @param {string} id @returns {Promise<string>} */
  const unpacked = (id) => {
    const packed = atob(document.getElementById(id)?.textContent ?? "");
    const bytes = new Blob([Uint8Array.from(packed, (character) => character.charCodeAt(0))]);
    return new Response(bytes.stream().pipeThrough(new DecompressionStream("deflate"))).text();
  };
  const [code, data] = await Promise.all([unpacked("code"), unpacked("data")]);
  const script = document.createElement("script");
  script.textContent = code;
  Object.assign(window, { pageData: JSON.parse(data) });
  document.body.append(script);
})();
