/** What `npm start` gives to Node: for every process here, those of the peers too. */
export const NODE_OPTIONS = ['--max-semi-space-size=64'];
