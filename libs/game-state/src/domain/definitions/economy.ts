import { type AggregateDefinition, counter, decimal, event, text } from '../definition.js';

export const economy: AggregateDefinition = {
  type: 'economy',
  fields: {
    name: text('Display name'),
    'prices/*': decimal('Price of an item', { min: 0 }),
    'supply/*': counter('How many of an item there are', { min: 0 }),
    'listings/*/price': decimal('Asking price of a listing', { min: 0 }),
    'listings/*/quantity': counter('How many are left', { min: 0 }),
    'listings/*/seller': text('Player who sells'),
    minted: counter('Currency brought into the game', { min: 0 }),
    burned: counter('Currency taken out of the game', { min: 0 }),
    payouts: counter('Prizes paid', { min: 0 }),
  },
  events: {
    MarketOpened: event('An economy was opened', 'name', 'prices', 'supply'),
    PriceChanged: event('A price moved', 'prices'),
    ItemListed: event('Something was offered', 'listings'),
    ListingSold: event('An offer was taken, in whole or in part', 'listings', 'supply', 'prices'),
    ListingCancelled: event('An offer was taken back', 'listings'),
    SupplyChanged: event('Items came into or left the game', 'supply'),
    PrizesPaid: event('Prizes were minted and paid out', 'minted', 'payouts'),
    CurrencyBurned: event('Currency left the game', 'burned'),
  },
  rules: [
    { id: 'economy-minted-never-falls', kind: 'monotonic', path: 'minted', direction: 'up', mode: 'quarantine', about: 'What was minted is a total: taking out is burning' },
    { id: 'economy-burned-never-falls', kind: 'monotonic', path: 'burned', direction: 'up', mode: 'quarantine', about: 'What was burned is a total: bringing in is minting' },
    { id: 'economy-minting', kind: 'rate', path: 'minted', max: 100_000_000, windowSeconds: 3600, mode: 'flag', about: 'No more than a hundred million is minted within an hour' },
  ],
};
