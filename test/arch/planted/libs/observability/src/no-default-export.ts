export default 'every importer calls it something else';
